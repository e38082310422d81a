"""A process that is killed while it is at work: its message comes again, and in the end all is there once.

What people and programs are told may come twice, and then with the same key: on a slow machine the message may even
come again while the second run is at work.
"""

from __future__ import annotations

import json
from collections import Counter
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
    lines = findings.archive(image)
    assert (len(lines), {key_of(line) for line in lines}) == (len(keys), keys)
    events = Counter(json.dumps(detail, sort_keys=True) for detail in bus.details())
    parts = [json.loads(event) for event in events]
    told = changes(parts)
    assert len({part["key"] for part in parts}) == len(parts) == parts[0]["parts"]
    assert (len(told), {key_of(one) for one in told}) == (len(keys), keys)
    messages = Counter(message["Message"] for message in topic.messages())
    assert len(messages) == 1
    assert max(*events.values(), *messages.values()) <= 2
    assert findings.letters() == []
    assert not findings.record(image).get("outbox")
