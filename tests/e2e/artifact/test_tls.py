"""The answer over https, as on AWS: to whom the certificate belongs, and to nobody else."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from typing import Iterator

import pytest
from answer_bucket import AnswerBucket
from caller import Caller
from cloud import Cloud
from launching import Launch

sys.path.append(str(Path(__file__).resolve().parents[3] / "benches"))

from steward_bench import trust  # noqa: E402


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate, and the bundle that trusts it."""
    return trust.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def bucket(certified: tuple[ssl.SSLContext, Path]) -> Iterator[AnswerBucket]:
    """The bucket over https."""
    bucket = AnswerBucket(certified[0])
    yield bucket
    bucket.close()
    assert bucket.breaches == []


# Rows: 40.
def test_an_answer_goes_over_tls(
        launch: Launch, caller: Caller, certified: tuple[ssl.SSLContext, Path]) -> None:
    """With the connector that shipped, down to the certificates."""
    function, call = launch.alone(SSL_CERT_FILE=str(certified[1])), caller.create("orders")
    assert function.invoke(call.event).error_type == ""
    assert call.ticket.answer()["Status"] == "SUCCESS"


# Rows: 39.
def test_a_certificate_of_nobody_is_not_trusted(launch: Launch, aws: Cloud, caller: Caller) -> None:
    """Neither is the URL shown to such a server, nor anything made that nobody could be told of."""
    function, call = launch.alone(SSL_CERT_FILE=str(trust.system_bundle())), caller.create("orders")
    with aws.counting() as writes:
        running = function.invoke(call.event, 4)
    assert running.error_type == "AnswerNotDelivered"
    assert call.ticket.attempts == []
    assert writes == {}
