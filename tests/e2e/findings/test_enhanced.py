"""What Inspector finds goes to everybody but Security Hub, where Inspector brings it itself."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator

import pytest
from captured import Bus, Topic, Webhook
from forwarding import Forwarding, changes, key_of
from scanned import Image

COUNT = 200
BURST = 20
CHOSEN = {"Sink": "SecurityHub"}, {"Sink": "S3"}, {"Sink": "EventBridge"}, {"Sink": "Sns"}


@pytest.fixture
def slack(findings: Forwarding, webhook: Webhook) -> Iterator[dict[str, Any]]:
    """A route to the webhook, whose address is a secret."""
    secret, ssm = f"{findings.cloud.prefix}/secrets/e2e-slack", findings.cloud.client("ssm")
    ssm.put_parameter(Name=secret, Type="SecureString", Value=webhook.url, Overwrite=True)
    yield {"Sink": "Slack", "SecretParameter": secret, "MinimumSeverity": "LOW", "When": "Immediate"}
    ssm.delete_parameter(Name=secret)


def test_a_scan_of_inspector_reaches_everybody_but_security_hub(
        findings: Forwarding, policy: Callable[..., None], slack: dict[str, Any], webhook: Webhook, bus: Bus,
        topic: Topic, image: Image) -> None:
    policy(*CHOSEN, slack)
    image.scan("ACTIVE", generate={"count": COUNT, "kind": "enhanced", "seed": 9})
    keys = image.keys()
    assert len(keys) == COUNT * 11 // 10
    findings.counting()
    findings.put(image.event("inspector2-scan"))
    findings.settle()
    assert (findings.hub(image), findings.imports()) == ({}, [])
    lines, details = findings.archive(image), bus.details()
    assert (len(lines), {key_of(line) for line in lines}) == (len(keys), keys)
    assert ({key_of(one) for one in changes(details)}, details[0]["scan"]["scanner"]) == (keys, "enhanced")
    [message] = topic.messages()
    assert image.repository in message["Subject"]
    [body] = webhook.bodies
    assert image.repository in body["text"]
    assert len(body["blocks"]) <= 50
    assert findings.letters() == []
    printed = "".join(findings.cloud.printed(findings.cloud.resource("FindingsLogGroup")))
    assert webhook.url.rpartition("/")[2] not in printed + json.dumps(findings.record(image))


def test_a_burst_about_one_image_is_one_look_at_it(
        as_deployed: None, findings: Forwarding, policy: Callable[..., None], bus: Bus, image: Image) -> None:
    policy(*CHOSEN)
    image.scan("ACTIVE", generate={"count": COUNT, "kind": "enhanced", "seed": 10})
    findings.counting()
    findings.put(*(image.event("inspector2-finding") for _ in range(BURST)))
    findings.settle()
    print(f"\n{BURST} events: {findings.pages()} pages read")
    # What the poller takes before all have come is looked at for itself.
    assert 1 <= findings.pages() <= 3
    assert {key_of(one) for one in changes(bus.details())} == image.keys()
    assert len(findings.archive(image)) == len(image.keys())


def test_who_wants_them_from_us_gets_them(
        findings: Forwarding, policy: Callable[..., None], image: Image) -> None:
    policy(*CHOSEN, ForwardEnhancedToSecurityHub="true")
    image.scan("ACTIVE", generate={"count": 50, "kind": "enhanced", "seed": 11})
    findings.put(image.event("inspector2-scan"))
    findings.settle()
    assert findings.active(image) == image.keys()
