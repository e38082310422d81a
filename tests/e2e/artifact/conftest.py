"""The built functions alone, each under a Runtime API of our own: no Lambda stands between a test and the process.

ECR, SSM, S3 and SQS are the local AWS; CloudFormation is `caller.py` with `answer_bucket.py`. State bucket, queue and
parameter prefix are of this folder alone, so that nothing that is deployed is touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
import trip
from answer_bucket import AnswerBucket
from caller import PREFIX, STATE_BUCKET, Caller, Undeployed
from cloud import Cloud
from launching import Launch
from listeners import Listeners
from runtime import Function, environment
from scanned import Image
from tap import Tap
from trip import Trip

BUILT = Path(__file__).resolve().parents[3] / ".aws-sam" / "build"
RESPONDER, FINDINGS = (BUILT / f"{name}Function" / "bootstrap" for name in ("Responder", "Findings"))
QUEUE = "ecr-steward-artifact"


@pytest.fixture(scope="session")
def aws(variables: dict[str, str]) -> Cloud:
    """The local AWS."""
    return Undeployed(variables)


@pytest.fixture(scope="session")
def settings(aws: Cloud) -> Iterator[dict[str, str]]:
    """What the template sets for the function, with a state bucket and a queue behind it."""
    s3, sqs = aws.client("s3"), aws.client("sqs")
    s3.create_bucket(Bucket=STATE_BUCKET)
    queue_url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    yield {"STATE_BUCKET": STATE_BUCKET, "QUEUE_URL": queue_url, "PARAMETER_PREFIX": PREFIX, "LOG_LEVEL": "INFO"}
    sqs.delete_queue(QueueUrl=queue_url)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=STATE_BUCKET):
        for one in page.get("Contents", []):
            s3.delete_object(Bucket=STATE_BUCKET, Key=one["Key"])
    s3.delete_bucket(Bucket=STATE_BUCKET)


@pytest.fixture(autouse=True)
def healing(aws: Cloud) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    aws.clear_faults()


@pytest.fixture
def bucket() -> Iterator[AnswerBucket]:
    """CloudFormation's bucket, which in no test may see what would not do on AWS."""
    bucket = AnswerBucket()
    yield bucket
    bucket.close()
    assert bucket.breaches == []


@pytest.fixture
def caller(aws: Cloud, bucket: AnswerBucket) -> Iterator[Caller]:
    """A resource of the test's own."""
    caller = Caller(aws, bucket)
    yield caller
    caller.end()


@pytest.fixture
def responder(variables: dict[str, str], tmp_path: Path) -> Iterator[Function]:
    """The function that answers for the other when that one is dead."""
    assert RESPONDER.is_file(), "the responder is not built; run: make build"
    function = Function("responder", [str(RESPONDER)], environment("responder", variables), tmp_path)
    yield function
    function.close()


@pytest.fixture
def launch(bootstrap: Path, variables: dict[str, str], settings: dict[str, str], tmp_path: Path,
           request: pytest.FixtureRequest) -> Iterator[Launch]:
    """Makes functions, which end with the test."""
    launch = Launch(bootstrap, environment("custom-resource", variables) | settings, tmp_path,
                    lambda: request.getfixturevalue("responder"))
    yield launch
    launch.close()


@pytest.fixture
def function(launch: Launch) -> Function:
    """The function, alone: nobody answers for it."""
    return launch.alone()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim that makes a process stumble."""
    return trip.built(tmp_path_factory.mktemp("trip"))


@pytest.fixture
def wire(library: Path, tmp_path: Path) -> Trip:
    """A trip wire for the test's function."""
    return Trip(library, tmp_path)


# ---- the findings function ----


@pytest.fixture
def listeners(aws: Cloud, settings: dict[str, str]) -> Iterator[Listeners]:
    """Two queues, a bus and a topic, for one test, and Security Hub enabled."""
    listeners = Listeners(aws)
    yield listeners
    listeners.close()


@pytest.fixture
def tap(variables: dict[str, str]) -> Iterator[Tap]:
    """What stands between the findings function and everything but ECR."""
    tap = Tap(variables["AWS_ENDPOINT_URL"], variables["AWS_ENDPOINT_URL_SECURITYHUB"])
    yield tap
    tap.close()


@pytest.fixture
def image(aws: Cloud, settings: dict[str, str]) -> Iterator[Image]:
    """An image in a repository of its own."""
    image = Image(aws)
    yield image
    image.end()


@pytest.fixture
def forwarder(variables: dict[str, str], listeners: Listeners, tap: Tap, tmp_path: Path) -> Iterator[Function]:
    """The findings function, with what the template sets for it."""
    assert FINDINGS.is_file(), "the findings function is not built; run: make build"
    settings = environment("findings", variables) | listeners.settings() | tap.variables
    launch = Launch(FINDINGS, settings, tmp_path, lambda: pytest.fail("nobody answers for it"), "findings")
    yield launch.alone()
    launch.close()
