"""What no event announced: the schedule finds it, and the day's digest goes out. The past is brought in on request."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any, Callable, Iterator

import pytest
from captured import Topic, Webhook
from forwarding import Forwarding
from scanned import Image, scheduled

DAY = 86_400
MARK = "findings/reconciled.json"
DIGESTS = "findings/digests/"


@pytest.fixture
def first_run(findings: Forwarding) -> Iterator[None]:
    """As if no reconciliation had ever been."""
    cloud = findings.cloud
    cloud.client("s3").delete_object(Bucket=cloud.bucket, Key=MARK)
    yield
    cloud.client("s3").delete_object(Bucket=cloud.bucket, Key=MARK)


@pytest.fixture
def earlier(findings: Forwarding) -> Iterator[Image]:
    """An image that was pushed and scanned the day before the installation."""
    image = Image(findings.cloud)
    yield image
    findings.settle()
    image.end()


def test_the_first_run_finds_what_was_missed_and_does_not_mail_the_past(
        findings: Forwarding, first_run: None, topic: Topic, image: Image, earlier: Image) -> None:
    before = time.time() - 3 * DAY
    earlier.pushed(before)
    earlier.scan(generate={"severities": {"CRITICAL": 9}, "seed": 30}, completedAt=before)
    image.scan(generate={"severities": {"CRITICAL": 4, "LOW": 6}, "seed": 31})
    findings.send(scheduled())
    findings.settle()
    assert findings.active(image) == image.keys()
    assert (findings.hub(earlier), findings.archive(earlier), findings.record(earlier)) == ({}, [], None)
    [message] = topic.messages()
    assert image.repository in message["Subject"]
    assert set(findings.cloud.object(MARK)) >= {"since", "policy"}

    # Nothing new: nothing is told again.
    findings.counting()
    findings.send(scheduled())
    findings.settle()
    assert (findings.imports(), topic.messages()) == ([], [])

    # `ecr-steward findings --import-since` sends this.
    findings.send({"job": "reconcile", "version": 1, "since": int(before) - DAY, "quiet": True})
    findings.settle()
    assert findings.active(earlier) == earlier.keys()
    assert len(findings.archive(earlier)) == 9
    assert topic.messages() == []
    assert findings.letters() == []


def test_a_policy_that_changes_is_applied_to_what_is_known(
        findings: Forwarding, policy: Callable[..., None], image: Image) -> None:
    """A waiver archives; without it the finding is there again."""
    image.scan(generate={"severities": {"HIGH": 5}, "seed": 32})
    [(name, package, _), *_] = sorted(image.keys())
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert len(findings.active(image)) == 5
    findings.send(scheduled())
    findings.settle()
    until = (datetime.date.today() + datetime.timedelta(days=9)).isoformat()
    policy({"Sink": "SecurityHub"}, {"Sink": "S3"}, Waivers=[
        {"Vulnerability": name, "Package": package, "Repositories": [image.repository], "Reason": "not reachable",
         "Until": until}])
    findings.send(scheduled())
    findings.settle()
    assert {key[0] for key in findings.archived(image)} == {name}
    [waived] = findings.archive(image, "waived")
    assert (waived["waiver_reason"], waived["waiver_until"]) == ("not reachable", until)
    policy({"Sink": "SecurityHub"}, {"Sink": "S3"})
    findings.send(scheduled())
    findings.settle()
    assert findings.active(image) == image.keys()


def test_what_is_told_once_a_day_is_told_on_the_next(
        findings: Forwarding, policy: Callable[..., None], image: Image, webhook: Webhook) -> None:
    secret, ssm = f"{findings.cloud.prefix}/secrets/e2e-daily", findings.cloud.client("ssm")
    ssm.put_parameter(Name=secret, Type="SecureString", Value=webhook.url, Overwrite=True)
    try:
        policy({"Sink": "SecurityHub"}, {"Sink": "Slack", "SecretParameter": secret, "When": "Daily"})
        other = Image(findings.cloud, "v2", image.repository)
        for number, one in enumerate((image, other)):
            one.scan(generate={"severities": {"CRITICAL": 2, "HIGH": 3}, "seed": 33 + number})
            findings.put(one.event("ecr-image-scan-complete"))
        findings.settle()
        findings.send(scheduled())
        findings.settle()
        assert webhook.bodies == []
        assert collected_yesterday(findings) == 2
        for _ in range(2):
            findings.send(scheduled())
            findings.settle()
        [body] = webhook.bodies
        print(f"\n{body['text']}")
        assert image.repository in json.dumps(body)
        assert findings.cloud.keys(DIGESTS) == []
    finally:
        ssm.delete_parameter(Name=secret)


def collected_yesterday(findings: Forwarding) -> int:
    """Moves what waits for tomorrow a day back; how much there is."""
    cloud, s3 = findings.cloud, findings.cloud.client("s3")
    keys = cloud.keys(DIGESTS)
    for key in keys:
        room, _, name = key.rpartition("/")
        day, _, rest = name.partition("~")
        back = (datetime.date.fromisoformat(day) - datetime.timedelta(days=1)).isoformat()
        body: Any = s3.get_object(Bucket=cloud.bucket, Key=key)["Body"].read()
        s3.put_object(Bucket=cloud.bucket, Key=f"{room}/{back}~{rest}", Body=body)
        s3.delete_object(Bucket=cloud.bucket, Key=key)
    return len(keys)
