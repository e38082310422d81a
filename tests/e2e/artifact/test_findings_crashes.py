"""The findings function dies at one call after the other; the message comes again, and all is as if nothing had been.

The proof for every call is in tests/it; here real processes die of SIGKILL.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from forwarding import changes, key_of
from listeners import Listeners, batch
from runtime import Function
from scanned import Image
from tap import Tap

COUNT = 1_000
ROUTES = [{"Sink": sink} for sink in ("SecurityHub", "S3", "EventBridge", "Sns")]
RECORD = "findings/images/"
MOMENTS = {
    "before Security Hub has heard of any": ("BatchImportFindings", "", False),
    "after it has taken some": ("BatchImportFindings", "", True),
    "once the archive is written": ("PutObject", "findings/archive/", True),
    "before the record is written": ("PutObject", RECORD, False),
    "once the record is written": ("PutObject", RECORD, True),
    "before the bus is told": ("PutEvents", "", False),
    "once the bus was told": ("PutEvents", "", True),
    "once people were told": ("Publish", "", True),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_wherever_it_dies_the_next_run_finishes_and_tells_nothing_else(
        forwarder: Function, listeners: Listeners, tap: Tap, image: Image, moment: str) -> None:
    """What people and programs hear may come twice where it died at that very call, then with the same words."""
    findings = listeners.findings
    findings.declare(*ROUTES)
    image.scan(generate={"count": COUNT, "seed": 40})
    keys, event = image.keys(), image.event("ecr-image-scan-complete")
    stop = tap.stop(*MOMENTS[moment])
    running = forwarder.begin(batch(event), 60)
    stop.wait()
    running.sandbox.kill()
    stop.let_go.set()
    running.wait()
    assert running.error_type == "Runtime.ExitError"
    again = forwarder.invoke(batch(event, receives=2), 60)
    assert (again.error_type, again.value) == ("", {"batchItemFailures": []})

    assert (len(findings.hub(image)), findings.active(image)) == (COUNT, keys)
    lines = findings.archive(image)
    assert (len(findings.archive_keys(image)), len(lines), {key_of(line) for line in lines}) == (1, COUNT, keys)
    record = findings.record(image)
    assert len(record["findings"]) == COUNT
    assert not record.get("outbox") and not record.get("unfinished")
    told = Counter(json.dumps(detail, sort_keys=True) for detail in listeners.bus.details())
    parts = [json.loads(detail) for detail in told]
    assert (len(changes(parts)), {key_of(one) for one in changes(parts)}) == (COUNT, keys)
    assert len({part["key"] for part in parts}) == len(parts) == parts[0]["parts"]
    assert set(told.values()) == ({2} if moment == "once the bus was told" else {1})
    messages = Counter(message["Message"] for message in listeners.topic.messages())
    assert list(messages.values()) == ([2] if moment == "once people were told" else [1])
    assert findings.letters() == []
    print(f"\n{moment}: {dict(tap.counted())}")


@pytest.mark.parametrize("moment", MOMENTS)
def test_wherever_it_dies_what_comes_under_the_tag_next_is_compared_with_this_image(
        forwarder: Function, listeners: Listeners, tap: Tap, image: Image, moment: str) -> None:
    """People hear what is new since the image that bore the tag before, not all that there is."""
    findings = listeners.findings
    findings.declare({"Sink": "SecurityHub"}, {"Sink": "S3"}, {"Sink": "EventBridge"},
                     {"Sink": "Sns", "MinimumSeverity": "INFORMATIONAL"})
    image.scan(generate={"count": 30, "seed": 42})
    event = image.event("ecr-image-scan-complete")
    stop = tap.stop(*MOMENTS[moment])
    running = forwarder.begin(batch(event), 60)
    stop.wait()
    running.sandbox.kill()
    stop.let_go.set()
    running.wait()
    assert forwarder.invoke(batch(event, receives=2), 60).value == {"batchItemFailures": []}
    listeners.topic.messages()
    next_one = Image(findings.cloud, "v2", image.repository)
    next_one.tag = image.tag
    next_one.scan(generate={"count": 32, "seed": 42})
    assert forwarder.invoke(batch(next_one.event("ecr-image-scan-complete")), 60).value == {"batchItemFailures": []}
    [message] = listeners.topic.messages()
    assert message["Subject"] == f"ecr-steward: 2 new findings in {image.repository}:v1"


def test_a_process_that_dies_at_a_rescan_leaves_the_record_it_found(
        forwarder: Function, listeners: Listeners, tap: Tap, image: Image) -> None:
    """Then the next one still knows what has changed, and archives it once."""
    findings = listeners.findings
    findings.declare(*ROUTES)
    image.scan(generate={"count": COUNT, "seed": 41})
    before = image.keys()
    assert forwarder.invoke(batch(image.event("ecr-image-scan-complete")), 60).value == {"batchItemFailures": []}
    listeners.bus.details()
    image.scan(generate={"count": COUNT - 30, "first": 30, "seed": 41})
    after, event = image.keys(), image.event("ecr-image-scan-complete")
    stop = tap.stop("BatchImportFindings")
    running = forwarder.begin(batch(event), 60)
    stop.wait()
    running.sandbox.kill()
    stop.let_go.set()
    running.wait()
    assert forwarder.invoke(batch(event, receives=2), 60).value == {"batchItemFailures": []}
    assert (findings.active(image), findings.archived(image)) == (after, before - after)
    told = changes(listeners.bus.details())
    assert {(one["change"], key_of(one)) for one in told} == {("fixed", key) for key in before - after}
    assert len(told) == 30
    assert len(findings.archive(image, "fixed")) == 30
