"""Security Hub takes ten calls a second: what is more waits, and arrives."""

from __future__ import annotations

import time

from forwarding import Forwarding
from scanned import Image

COUNT = 10_000
RATE, BURST = 10, 30


def test_ten_thousand_findings_arrive_within_the_limit(findings: Forwarding, image: Image) -> None:
    image.scan(generate={"count": COUNT, "seed": 17})
    keys = image.keys()
    findings.counting()
    findings.cloud.control("PUT", "limits", {"calls_per_second": RATE, "burst": BURST, "service": "securityhub"})
    began = time.monotonic()
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle(240)
    calls = findings.calls("securityhub", "BatchImportFindings")
    refused = sum(one["status"] == 429 for one in calls)
    print(f"\n{COUNT} findings in {len(calls)} calls, {refused} of them refused, {time.monotonic() - began:.1f} s "
          f"from the event on; the limit alone takes {(COUNT / 100 - BURST) / RATE:.1f} s")
    assert (len(findings.hub(image)), findings.active(image)) == (COUNT, keys)
    assert findings.imports() == [100] * (COUNT // 100)
    assert refused <= len(calls) // 20
    assert findings.letters() == []
    assert len(findings.archive(image)) == COUNT


def test_images_at_once_share_it(findings: Forwarding, image: Image) -> None:
    """Several looks, and perhaps several processes, none of which knows of the other."""
    images = [image, *(Image(findings.cloud, f"v{number}", image.repository) for number in range(2, 7))]
    for number, one in enumerate(images):
        one.scan(generate={"count": 1_000, "seed": 20 + number})
    findings.cloud.control("PUT", "limits", {"calls_per_second": RATE, "burst": BURST, "service": "securityhub"})
    findings.put(*(one.event("ecr-image-scan-complete") for one in images))
    findings.settle(240)
    for one in images:
        assert findings.active(one) == one.keys()
    assert findings.letters() == []
