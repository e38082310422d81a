"""What is no longer there is archived: a mended finding, a deleted image, a deleted repository. And nothing else is."""

from __future__ import annotations

import time

from captured import Topic
from cloud import until
from forwarding import Forwarding, hub_key, key_of
from scanned import Image, scheduled

COUNT = 1_200
# Into the second page.
GONE = 20
ALL = {"generate": {"count": COUNT, "seed": 5}}
WITHOUT = {"generate": {"count": COUNT - GONE, "first": GONE, "seed": 5}}


def scanned(findings: Forwarding, image: Image, wish: dict = ALL) -> set:
    """A scan that was forwarded; what it found."""
    image.scan(**wish)
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    keys = image.keys()
    assert findings.active(image) == keys
    return keys


def test_a_finding_that_the_next_scan_does_not_have_is_archived(findings: Forwarding, image: Image) -> None:
    before = scanned(findings, image)
    findings.counting()
    after = scanned(findings, image, WITHOUT)
    assert findings.imports() == [GONE]
    assert findings.archived(image) == before - after
    assert {key_of(line) for line in findings.archive(image, "fixed")} == before - after


def test_all_of_a_deleted_image_is_archived(findings: Forwarding, topic: Topic, image: Image) -> None:
    keys = scanned(findings, image)
    topic.messages()
    image.delete()
    findings.put(image.event("ecr-image-delete"))
    findings.settle()
    assert (findings.active(image), findings.archived(image)) == (set(), keys)
    assert {key_of(line) for line in findings.archive(image, "archived")} == keys
    assert findings.record(image) is None
    assert topic.messages() == []


def test_a_tag_that_is_deleted_takes_no_finding_with_it(findings: Forwarding, image: Image) -> None:
    keys = scanned(findings, image, {"generate": {"count": 30}})
    findings.put(image.event("ecr-image-delete"))
    findings.settle()
    assert (findings.active(image), findings.archived(image)) == (keys, set())


def test_all_of_a_deleted_repository_is_archived_by_the_reconciliation(findings: Forwarding, image: Image) -> None:
    """ECR announces no image of it. There are two in it."""
    other = Image(findings.cloud, "v2", image.repository)
    keys, others = scanned(findings, image), scanned(findings, other, {"generate": {"count": 7, "seed": 6}})
    image.delete_repository()
    findings.send(scheduled())
    findings.settle()
    assert (findings.active(image), findings.archived(image)) == (set(), keys)
    assert (findings.active(other), findings.archived(other)) == (set(), others)
    assert findings.record(image) is findings.record(other) is None


def test_a_scan_that_is_read_in_part_archives_nothing_and_is_read_again(
        findings: Forwarding, patience: None, image: Image) -> None:
    """The second page fails for as long as it is asked for, with what is not tried again within a look. What stands on
    it would seem to be gone."""
    keys = scanned(findings, image)
    image.scan(**WITHOUT)
    after = image.keys()
    findings.cloud.inject("DescribeImageScanFindings", "AccessDeniedException", after=1, times=1_000,
                          repository=image.repository)
    findings.counting()
    group = findings.cloud.resource("FindingsLogGroup")
    failed = len(complaints(findings, group))
    findings.put(image.event("ecr-image-scan-complete"))
    began = time.monotonic()
    until(lambda: len(complaints(findings, group)) > failed, "a failed message", 120, 0.3)
    print(f"\ngiven up after {findings.pages()} calls and {time.monotonic() - began:.1f} s")
    assert findings.pages() >= 2
    assert findings.imports() == []
    assert (findings.active(image), findings.archived(image)) == (keys, set())
    assert findings.waiting() == 1
    findings.cloud.clear_faults()
    findings.settle()
    assert (findings.active(image), findings.archived(image)) == (after, keys - after)
    assert findings.letters() == []


def complaints(findings: Forwarding, group: str) -> list[str]:
    """What the function logged of messages that failed."""
    return [line for line in findings.cloud.printed(group) if '"a message failed"' in line]


def test_what_a_user_triaged_survives_a_read_of_the_same_scan_without_it(findings: Forwarding, image: Image) -> None:
    """Reads are eventually consistent. Archived and active again, the finding would be new."""
    done = time.time()
    keys = scanned(findings, image, {"generate": {"count": 40, "seed": 7}, "completedAt": done})
    hub = findings.cloud.client("securityhub")
    missing = image.found()[0]["name"]
    [triaged] = [one for one in findings.hub(image).values() if hub_key(one)[0] == missing]
    hub.batch_update_findings(FindingIdentifiers=[{key: triaged[key] for key in ("Id", "ProductArn")}],
                              Workflow={"Status": "NOTIFIED"})

    def read(first: int) -> dict:
        """Another look at the same scan, because a tag was deleted."""
        image.scan(generate={"count": 40 - first, "first": first, "seed": 7}, completedAt=done)
        findings.put(image.event("ecr-image-delete"))
        findings.settle()
        return findings.hub(image)[triaged["Id"]]

    for first in (1, 0):
        now = read(first)
        assert (now["RecordState"], now["Workflow"]["Status"]) == ("ACTIVE", "NOTIFIED")
    assert findings.active(image) == keys
    # Twice in a row it is gone.
    read(1)
    assert read(1)["RecordState"] == "ARCHIVED"
    assert findings.archived(image) == {hub_key(triaged)}
