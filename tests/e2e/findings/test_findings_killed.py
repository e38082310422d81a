"""A process that is killed while it is at work: its message comes again, and in the end all is there once."""

from __future__ import annotations

from typing import Callable

from captured import Bus, Topic
from forwarding import Forwarding, changes, key_of
from machine import Machine
from scanned import Image

LATE_MS = 1_500


def test_what_a_killed_process_left_half_done_is_finished_by_the_next(
        findings: Forwarding, policy: Callable[..., None], forwarder: Machine, patience: None, bus: Bus, topic: Topic,
        image: Image) -> None:
    """While it waits for Security Hub, which takes what it was sent all the same."""
    policy(*({"Sink": sink} for sink in ("SecurityHub", "S3", "EventBridge", "Sns")))
    image.scan(generate={"count": 1_000, "seed": 12})
    keys = image.keys()
    findings.counting()
    findings.cloud.inject("BatchImportFindings", times=100, delay_ms=LATE_MS)
    findings.put(image.event("ecr-image-scan-complete"))
    findings.await_import()
    forwarder.kill()
    assert findings.record(image) is None
    findings.cloud.clear_faults()
    findings.settle()
    assert (len(findings.hub(image)), findings.active(image)) == (len(keys), keys)
    assert len(findings.archive_keys(image)) == 1
    lines, told = findings.archive(image), changes(bus.details())
    assert (len(lines), {key_of(line) for line in lines}) == (len(keys), keys)
    assert (len(told), {key_of(one) for one in told}) == (len(keys), keys)
    assert len(topic.messages()) == 1
    assert findings.letters() == []
    assert not findings.record(image).get("outbox")
