"""What the findings function takes: calls, counted between it and the services, and memory."""

from __future__ import annotations

from typing import Callable

import pytest
from listeners import Listeners, batch
from runtime import Function
from scanned import Event, Image
from tap import Tap

MIB = 1 << 20
LIMIT = 64 * MIB
ROUTES = [{"Sink": sink} for sink in ("SecurityHub", "S3", "EventBridge", "Sns")]


def test_a_scan_of_2500_takes_three_pages_25_imports_and_one_read_and_write_of_the_record(
        forwarder: Function, listeners: Listeners, tap: Tap, image: Image) -> None:
    """The archive is one object more, the policy is read once, and a rescan that finds the same writes nothing."""
    findings = listeners.findings
    findings.declare({"Sink": "SecurityHub"}, {"Sink": "S3"})
    image.scan(generate={"count": 2_500, "seed": 50})
    findings.counting()
    assert forwarder.invoke(batch(image.event("ecr-image-scan-complete")), 60).value == {"batchItemFailures": []}
    asked = findings.cloud.ecr_calls()
    print(f"\nnew: ECR {asked}, others {dict(tap.counted())}")
    assert tap.counted() == {
        "GetObject declarations/findings-policy.json": 1, "GetObject findings/images": 1, "BatchImportFindings": 25,
        "PutObject findings/archive": 1, "PutObject findings/images": 1}
    assert (asked["DescribeImageScanFindings"], findings.imports()) == (3, [100] * 25)
    tap.calls.clear()
    image.scan(generate={"count": 2_500, "seed": 50})
    findings.counting()
    assert forwarder.invoke(batch(image.event("ecr-image-scan-complete")), 60).value == {"batchItemFailures": []}
    asked = findings.cloud.ecr_calls()
    print(f"unchanged: ECR {asked}, others {dict(tap.counted())}")
    assert tap.counted() == {"GetObject findings/images": 1}
    assert asked == {"DescribeImageScanFindings": 3}


@pytest.mark.parametrize("routes", [ROUTES[:1], ROUTES[:2], ROUTES], ids=["Security Hub", "archive too", "every sink"])
def test_ten_thousand_new_findings_fit_into_a_quarter_of_the_memory(
        forwarder: Function, listeners: Listeners, image: Image, routes: list[dict[str, str]],
        record_property: Callable[[str, object], None]) -> None:
    listeners.findings.declare(*routes)
    image.scan(generate={"count": 10_000, "seed": 51})
    peak = after(forwarder, image.event("ecr-image-scan-complete"))
    assert len(listeners.findings.hub(image)) == 10_000
    record_property("peak_kib", peak // 1024)
    print(f"\npeak memory for 10,000 new findings to {len(routes)} sinks: {peak / MIB:.1f} MiB")
    assert peak <= LIMIT


def test_so_do_changes_of_half_of_them_and_the_end_of_all(
        forwarder: Function, listeners: Listeners, image: Image,
        record_property: Callable[[str, object], None]) -> None:
    """In the process that told every sink of all."""
    findings = listeners.findings
    findings.declare(*ROUTES)
    image.scan(generate={"count": 10_000, "seed": 51})
    found = image.found()
    peaks = [after(forwarder, image.event("ecr-image-scan-complete"))]
    image.scan(findings=[one | {"severity": "HIGH", "description": "Another one."} if number % 2 else one
                         for number, one in enumerate(found)])
    peaks.append(after(forwarder, image.event("ecr-image-scan-complete")))
    image.delete()
    peaks.append(after(forwarder, image.event("ecr-image-delete")))
    assert len(findings.archived(image)) == 10_000
    assert len(forwarder.sandboxes) == 1
    record_property("peak_kib", peaks[-1] // 1024)
    shown = ", ".join(f"{peak / MIB:.1f}" for peak in peaks)
    print(f"\npeak memory for 10,000 findings: {shown} MiB after all new, half changed, image deleted")
    assert peaks[-1] <= LIMIT


def after(forwarder: Function, event: Event) -> int:
    """The peak of the process's memory, in bytes, once it is done with an event."""
    running = forwarder.invoke(batch(event), 120)
    assert (running.error_type, running.value) == ("", {"batchItemFailures": []})
    return running.sandbox.status("VmHWM") * 1024
