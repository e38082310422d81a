"""From a scan to everybody who must know: every finding, once, and in no more calls than it takes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Callable

import jsonschema
from captured import Bus, Topic
from forwarding import Forwarding, changes, key_of
from scanned import Image

COUNT = 2_500
SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "schemas" / "finding-change-1.json").read_text())
EVERYWHERE: list[dict[str, Any]] = [{"Sink": sink} for sink in ("SecurityHub", "S3", "EventBridge", "Sns")]
MOST_BYTES = 240_000


def test_a_scan_of_2500_reaches_every_sink_whole_and_a_rescan_brings_only_what_changed(
        as_deployed: None, findings: Forwarding, policy: Callable[..., None], bus: Bus, topic: Topic,
        image: Image) -> None:
    policy(*EVERYWHERE)
    image.scan(generate={"count": COUNT, "seed": 3})
    before, keys = image.found(), image.keys()
    assert len(keys) == COUNT
    findings.counting()
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle(180)
    pages, imports = findings.pages(), findings.imports()
    print(f"\n{COUNT} new: {pages} pages, {len(imports)} imports, {findings.record_writes(image)} writes of the record")
    assert (pages, imports) == (3, [100] * 25)
    everywhere(findings, bus, topic, image, keys)
    assert findings.letters() == []
    written = findings.record_writes(image)

    # Every second one has other words.
    changed = [one | {"description": f"{one['description']} Now known."} if number % 2 else one
               for number, one in enumerate(before)]
    image.scan(findings=changed)
    findings.counting()
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle(180)
    half = {key_of_basic(one) for one in changed[1::2]}
    print(f"{len(half)} changed: {findings.pages()} pages, {len(findings.imports())} imports")
    assert sorted(findings.imports()) == [50] + [100] * 12
    told = findings.hub(image).values()
    assert Counter(one["Description"].endswith("Now known.") for one in told) == {True: 1250, False: 1250}
    assert {key_of(line) for line in findings.archive(image, "changed")} == half
    assert {key_of(one) for one in changes(bus.details()) if one["change"] == "changed"} == half
    assert topic.messages() == []
    assert written < findings.record_writes(image)

    written = findings.record_writes(image)
    image.scan(findings=changed)
    findings.counting()
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle(180)
    more = findings.record_writes(image) - written
    print(f"unchanged: {findings.pages()} pages, {len(findings.imports())} imports, {more} writes of the record")
    assert (findings.pages(), findings.imports(), bus.details(), topic.messages()) == (3, [], [], [])
    assert len(findings.archive(image)) == COUNT + len(half)
    assert more == 0


def everywhere(findings: Forwarding, bus: Bus, topic: Topic, image: Image, keys: set) -> None:
    """The very findings of the scan, each once, at every sink."""
    hub = findings.hub(image)
    assert (len(hub), findings.active(image)) == (len(keys), keys)
    lines = findings.archive(image)
    assert (len(lines), {key_of(line) for line in lines}) == (len(keys), keys)
    assert {line["change"] for line in lines} == {"new"}
    assert {line["id"] for line in lines} == set(hub)
    details = bus.details()
    told = changes(details)
    assert (len(told), {key_of(one) for one in told}) == (len(keys), keys)
    assert {one["id"] for one in told} == set(hub)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for detail in details:
        validator.validate(detail)
        assert len(json.dumps(detail, separators=(",", ":"), ensure_ascii=False).encode()) < MOST_BYTES
    assert [detail["part"] for detail in details] == list(range(1, details[0]["parts"] + 1))
    assert details[0]["summary"]["new"] == len(keys)
    [message] = topic.messages()
    grave = Counter(one["Severity"]["Label"] for one in hub.values())
    assert f"{grave['CRITICAL'] + grave['HIGH']:,} new findings in {image.repository}:v1".replace(",", "") in (
        message["Subject"].replace(",", ""))
    assert message["MessageAttributes"]["severity"]["Value"] == "CRITICAL"
    print(f"in the archive: {len(findings.archive_keys(image))} objects; on the bus: {len(details)} events")


def key_of_basic(one: dict[str, Any]) -> tuple[str, str, str]:
    """What makes it one."""
    attributes = {pair["key"]: pair["value"] for pair in one["attributes"]}
    return one["name"], attributes["package_name"], attributes["package_version"]


def test_without_a_policy_everything_is_archived_and_people_hear_of_the_worst(
        findings: Forwarding, bus: Bus, topic: Topic, image: Image) -> None:
    """An image without a tag, by its digest; nobody asked for the bus."""
    image.scan(generate={"severities": {"CRITICAL": 1, "HIGH": 2, "MEDIUM": 3, "LOW": 4}, "seed": 4})
    keys = image.keys()
    findings.put(image.event("ecr-image-scan-untagged"))
    findings.settle()
    assert findings.active(image) == keys == {key_of(line) for line in findings.archive(image)}
    [message] = topic.messages()
    assert "3 new findings" in message["Subject"]
    assert bus.details() == []


def test_a_scan_that_failed_is_a_finding_that_resolves_by_itself(findings: Forwarding, image: Image) -> None:
    image.scan("FAILED", description="The image's layers could not be read.")
    findings.put(image.event("ecr-image-scan-failed"))
    findings.settle()
    [told] = findings.hub(image).values()
    assert (told["RecordState"], "could not be scanned" in told["Title"]) == ("ACTIVE", True)
    image.scan(generate={"count": 3})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert findings.active(image) == image.keys()
    assert [one["Id"] for one in findings.hub(image).values() if one["RecordState"] == "ARCHIVED"] == [told["Id"]]


def test_a_message_that_comes_twice_is_told_once(
        findings: Forwarding, policy: Callable[..., None], bus: Bus, topic: Topic, image: Image) -> None:
    """Also where another image's comes in between."""
    policy(*EVERYWHERE)
    image.scan(generate={"severities": {"HIGH": 30}})
    event = image.event("ecr-image-scan-complete")
    for _ in range(2):
        findings.put(event)
        findings.settle()
    assert len(findings.hub(image)) == len(findings.archive(image)) == len(changes(bus.details())) == 30
    assert len(topic.messages()) == 1
