"""Whatever lies in the queue: what cannot be read is a dead letter, what is not for us is passed over, and the good
message beside it is done.
"""

from __future__ import annotations

import json
from typing import Callable

import pytest
from forwarding import POLICY, Forwarding
from machine import Machine
from scanned import EVENTS, Image

LONG = "ä€𝄞" * 20_000


def test_what_cannot_be_read_does_not_hold_up_the_good_message_beside_it(findings: Forwarding, image: Image) -> None:
    """All of them in one batch, as far as the poller has it so."""
    image.scan(generate={"count": 12, "seed": 13})
    event = image.event("ecr-image-scan-complete")
    foreign = json.dumps(event | {"source": "aws.s3", "detail-type": "Object Created"})
    pushed, instance = ((EVENTS / f"{name}.json").read_text() for name in ("ecr-image-push", "inspector2-finding-ec2"))
    other = json.dumps(event | {"detail": {"repository-name": image.repository}})
    newer = image.job(version=7)
    findings.send("{no json", foreign, pushed, instance, other, newer, '"a text"', event)
    findings.settle()
    assert findings.active(image) == image.keys()
    letters = {json.dumps(one["event"]): one["reason"] for one in findings.letters()}
    reasons = sorted(letters.values())
    print("\n" + "\n".join(reasons))
    assert len(reasons) == 4
    for part in ("not JSON", "detail.image-digest", "of version", "neither an EventBridge event"):
        assert [reason for reason in reasons if part in reason], f"no reason says {part!r}"
    assert '"{no json"' in letters


def test_a_finding_with_fields_of_any_size_is_taken(findings: Forwarding, image: Image) -> None:
    """Cut to what each sink takes; nothing is left out."""
    plain = {"name": "CVE-2026-0001", "severity": "HIGH", "description": LONG,
             "uri": f"https://example.org/{'x' * 4000}", "attributes": [
                 {"key": "package_name", "value": "p" * 256}, {"key": "package_version", "value": "1" * 256}]}
    bare = {"name": "CVE-2026-0002", "severity": "NO_SUCH_SEVERITY", "attributes": []}
    control = {"name": "CVE-2026-0003", "severity": "LOW", "description": "a\u0000b\u0007\ud7ff\ufffe c",
               "uri": "no url", "attributes": [{"key": "package_name", "value": "with/\\\"quotes\" \u00a0"}]}
    image.scan(findings=[plain, bare, control])
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    told = findings.hub(image)
    assert {one["Vulnerabilities"][0]["Id"] for one in told.values()} == {f"CVE-2026-000{n}" for n in (1, 2, 3)}
    assert len(findings.archive(image)) == 3
    assert findings.letters() == []


def test_an_image_that_is_not_there_is_no_trouble(findings: Forwarding, image: Image) -> None:
    image.delete_repository()
    findings.put(image.event("ecr-image-scan-complete"), image.event("inspector2-scan"),
                 image.event("inspector2-finding"), image.event("ecr-image-delete"))
    findings.settle()
    assert (findings.hub(image), findings.record(image), findings.letters()) == ({}, None, [])


def test_where_security_hub_is_not_enabled_the_default_leaves_it_out(findings: Forwarding, image: Image) -> None:
    """The rest gets everything; one line a day says what is not done. Once it is enabled, it gets all of it."""
    s3, cloud = findings.cloud.client("s3"), findings.cloud
    for key in cloud.keys("findings/notes/"):
        s3.delete_object(Bucket=cloud.bucket, Key=key)
    cloud.control("PUT", "hub", {"enabled": False})
    image.scan(generate={"count": 40, "seed": 14})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert len(findings.archive(image)) == 40
    assert findings.letters() == []
    assert [key for key in cloud.keys("findings/notes/") if "security-hub-is-off" in key]
    group = cloud.resource("FindingsLogGroup")
    warned = [line for line in cloud.printed(group) if "Security Hub is not enabled" in line]
    assert warned and '"WARN"' in warned[-1]
    cloud.control("PUT", "hub", {"enabled": True})
    image.scan(generate={"count": 40, "seed": 14})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert findings.active(image) == image.keys()


def test_where_somebody_routes_there_it_is_a_dead_letter(
        findings: Forwarding, policy: Callable[..., None], image: Image) -> None:
    policy({"Sink": "SecurityHub"}, {"Sink": "S3"})
    findings.cloud.control("PUT", "hub", {"enabled": False})
    image.scan(generate={"count": 40, "seed": 15})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    [letter] = findings.letters()
    assert (letter["sink"], "Security Hub is not enabled" in letter["reason"]) == ("SecurityHub", True)
    assert letter["event"]["detail"]["image-digest"] == image.digest
    assert len(findings.archive(image)) == 40


@pytest.mark.parametrize("text, said", [
    ("{no json", POLICY), (json.dumps({"version": 9, "properties": {}}), "newer ecr-steward"),
    (json.dumps({"version": 1, "properties": {"Routes": [{"Sink": "Sms"}]}}), "Sms")],
    ids=["no JSON", "a newer form", "a sink nobody knows"])
def test_a_policy_that_cannot_be_read_forwards_nothing_and_the_letters_say_why(
        findings: Forwarding, forwarder: Machine, image: Image, text: str, said: str) -> None:
    """Nobody's findings go by a policy they did not declare. Replayed with a good policy they go."""
    forwarder.hide_messages(1)
    findings.write_policy(text)
    forwarder.renew()
    image.scan(generate={"count": 9, "seed": 16})
    event = image.event("ecr-image-scan-complete")
    findings.put(event)
    [letter] = findings.wait_for_letters(1)
    print(f"\n{letter['reason']}")
    assert said in letter["reason"]
    assert letter["event"]["id"] is not None and letter["event"]["detail"]["image-digest"] == image.digest
    assert (findings.hub(image), findings.archive(image), findings.record(image)) == ({}, [], None)
    findings.forget_policy()
    forwarder.renew()
    findings.send(letter["event"])
    findings.settle()
    assert findings.active(image) == image.keys()

