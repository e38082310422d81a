"""What the findings function takes: calls, counted between it and the services, and memory."""

from __future__ import annotations

from typing import Callable

from listeners import Listeners, batch
from runtime import Function
from scanned import Image
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


def test_ten_thousand_findings_fit_into_a_quarter_of_the_memory(
        forwarder: Function, listeners: Listeners, image: Image,
        record_property: Callable[[str, object], None]) -> None:
    """All of them new and for every sink, then every second one changed, then the image deleted."""
    findings = listeners.findings
    findings.declare(*ROUTES)
    image.scan(generate={"count": 10_000, "seed": 51})
    found, peaks = image.found(), []
    changed = [one | {"severity": "HIGH", "description": "Another one."} if number % 2 else one
               for number, one in enumerate(found)]
    for scan in (None, changed, "deleted"):
        if scan == "deleted":
            image.delete()
        elif scan:
            image.scan(findings=scan)
        name = "ecr-image-delete" if scan == "deleted" else "ecr-image-scan-complete"
        running = forwarder.invoke(batch(image.event(name)), 120)
        assert (running.error_type, running.value) == ("", {"batchItemFailures": []})
        peaks.append(running.sandbox.status("VmHWM") * 1024)
    assert len(findings.archived(image)) == 10_000
    assert len(forwarder.sandboxes) == 1
    record_property("peak_kib", peaks[-1] // 1024)
    shown = ", ".join(f"{peak / MIB:.1f}" for peak in peaks)
    print(f"\npeak memory for 10,000 findings: {shown} MiB after all new, half changed, image deleted")
    assert peaks[-1] <= LIMIT
