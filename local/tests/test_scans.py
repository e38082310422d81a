"""Scans: what a test says they found, read page by page, with every way they can end."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any, Iterator

import pytest
from conftest import ACCOUNT, client, control, refusal
from steward_local.ecr.scans import STATUSES
from test_images import MANIFEST, push


@pytest.fixture(autouse=True)
def nothing_left(url: str) -> Iterator[None]:
    """Scans and faults of one test are none of the next one's."""
    yield
    control("DELETE", url, "scans")
    control("DELETE", url, "faults")


@pytest.fixture
def image(ecr: Any, repository: str) -> dict[str, Any]:
    """An image nobody has scanned."""
    return {"repositoryName": repository, "imageId": {"imageDigest": push(ecr, repository, uuid.uuid4().hex, "v1")}}


def scanned(url: str, image: dict[str, Any], status: str = "COMPLETE", **more: Any) -> None:
    """Says what its scan found."""
    control("PUT", url, "scans", {"repositoryName": image["repositoryName"], "status": status,
                                  "imageDigest": image["imageId"]["imageDigest"], **more})


def pages(ecr: Any, image: dict[str, Any], kind: str, **paging: Any) -> list[list[dict[str, Any]]]:
    """All there is, as it came."""
    seen, token = [], {}
    while True:
        answer = ecr.describe_image_scan_findings(**image, **paging, **token)
        seen.append(answer["imageScanFindings"][kind])
        if "nextToken" not in answer:
            return seen
        token = {"nextToken": answer["nextToken"]}


@pytest.mark.parametrize(("kind", "member", "key"), [("basic", "findings", "name"),
                                                     ("enhanced", "enhancedFindings", "findingArn")])
def test_many_findings_come_in_full_pages(ecr: Any, url: str, image: dict[str, Any], kind: str, member: str,
                                          key: str) -> None:
    scanned(url, image, generate={"count": 2500, "kind": kind, "severities": {"CRITICAL": 250, "LOW": 2250}})
    seen = pages(ecr, image, member, maxResults=1000)
    assert [len(one) for one in seen] == [1000, 1000, 500]
    everything = sum(seen, [])
    assert len({json.dumps(one, default=str) for one in everything}) == 2500
    # The worst are on all pages, so that who stops early is found out.
    assert [any(one["severity"] == "CRITICAL" for one in part) for part in seen] == [True] * 3
    assert [one[key] for one in sum(pages(ecr, image, member), [])] == [one[key] for one in everything]
    counts = ecr.describe_image_scan_findings(**image, maxResults=1)["imageScanFindings"]["findingSeverityCounts"]
    assert counts == {"CRITICAL": 250, "LOW": 2250}


def test_page_sizes_are_those_of_the_service(ecr: Any, url: str, image: dict[str, Any]) -> None:
    scanned(url, image, generate={"count": 101})
    assert [len(one) for one in pages(ecr, image, "findings")] == [100, 1]
    for size in (0, 1001):
        assert refusal(ecr.describe_image_scan_findings, **image, maxResults=size)[0] == "InvalidParameterException"
    assert refusal(ecr.describe_image_scan_findings, **image, nextToken="bm90IG91cnM=")[0] == (
        "InvalidParameterException")


def test_a_finding_is_the_same_in_every_scan_that_has_its_number(ecr: Any, url: str, image: dict[str, Any]) -> None:
    scanned(url, image, generate={"count": 40, "descriptionLength": 380})
    [whole] = pages(ecr, image, "findings")
    assert {len(one["description"]) for one in whole} == {380}
    assert whole[8]["name"] == whole[9]["name"] and whole[8]["attributes"] != whole[9]["attributes"]
    scanned(url, image, generate={"count": 30, "first": 10})
    assert pages(ecr, image, "findings") == [whole[10:]]
    scanned(url, image, generate={"count": 40, "seed": 1})
    assert not {one["name"] for one in whole} & {one["name"] for one in pages(ecr, image, "findings")[0]}


def test_an_enhanced_finding_is_about_its_image(ecr: Any, url: str, image: dict[str, Any]) -> None:
    scanned(url, image, "ACTIVE", generate={"count": 10, "kind": "enhanced"})
    answer = ecr.describe_image_scan_findings(**image)
    assert answer["imageScanStatus"] == {"status": "ACTIVE"}
    assert "findings" not in answer["imageScanFindings"]
    finding = answer["imageScanFindings"]["enhancedFindings"][9]
    digest, name = image["imageId"]["imageDigest"], image["repositoryName"]
    [resource] = finding["resources"]
    assert resource["id"] == f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}/{digest}"
    details = resource["details"]["awsEcrContainerImage"]
    assert (details["imageHash"], details["imageTags"], details["repositoryName"]) == (digest, ["v1"], name)
    assert [one["name"] for one in finding["packageVulnerabilityDetails"]["vulnerablePackages"]] == [
        "libcurl9", "libcurl5000009"]
    assert finding["firstObservedAt"].year == 2026 and finding["fixAvailable"] == "PARTIAL"


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_told_and_only_those_with_results_have_findings(
        ecr: Any, url: str, image: dict[str, Any], status: str) -> None:
    scanned(url, image, status, description="because")
    answer = ecr.describe_image_scan_findings(**image)
    assert answer["imageScanStatus"] == {"status": status, "description": "because"}
    assert ("imageScanFindings" in answer) == (status in ("COMPLETE", "ACTIVE"))
    assert answer["imageId"] == image["imageId"]


def test_given_findings_come_back_with_times_of_both_kinds(ecr: Any, url: str, image: dict[str, Any]) -> None:
    scanned(url, image, "ACTIVE", completedAt="2026-03-01T00:00:00Z", sourceUpdatedAt=1_000_000_000, enhancedFindings=[
        {"title": "one", "severity": "UNTRIAGED", "updatedAt": "2026-02-01T00:00:00+01:00"},
        {"title": "two", "severity": "HIGH", "updatedAt": 5}])
    found = ecr.describe_image_scan_findings(**image)["imageScanFindings"]
    assert found["imageScanCompletedAt"].isoformat().startswith("2026-03-01T00:00:00")
    assert found["vulnerabilitySourceUpdatedAt"].timestamp() == 1_000_000_000
    assert [one["updatedAt"].timestamp() for one in found["enhancedFindings"]] == [1_769_900_400, 5]
    assert found["findingSeverityCounts"] == {"UNTRIAGED": 1, "HIGH": 1}


@pytest.mark.parametrize("wish", [
    {"status": "DONE"}, {"colour": "red"}, {"findings": [{"nome": "CVE-1"}]}, {"findings": {}},
    {"findings": [], "generate": {"count": 1}}, {"generate": {"count": "1"}}, {"generate": {"kind": "basic"}},
    {"generate": {"count": 3, "severities": {"LOW": 2}}}, {"completedAt": "2026-03-01T00:00:00"},
    {"imageDigest": "sha256:" + "0" * 64}, {"repositoryName": "not/here"}])
def test_a_misspelt_scan_is_refused(url: str, image: dict[str, Any], wish: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        scanned(url, image, **wish)
    assert caught.value.code == 400


def test_what_is_not_there_is_told_apart(ecr: Any, image: dict[str, Any]) -> None:
    describe = ecr.describe_image_scan_findings
    assert refusal(describe, **image)[0] == "ScanNotFoundException"
    assert refusal(describe, **image | {"imageId": {"imageTag": "v2"}})[0] == "ImageNotFoundException"
    assert refusal(describe, **image | {"repositoryName": "not/here"})[0] == "RepositoryNotFoundException"
    assert refusal(describe, **image | {"imageId": {}})[0] == "InvalidParameterException"


def test_a_scan_goes_with_its_image_or_when_told_to(ecr: Any, url: str, image: dict[str, Any]) -> None:
    other = image | {"imageId": {"imageDigest": push(ecr, image["repositoryName"], "other")}}
    for one in (image, other):
        scanned(url, one, generate={"count": 1})
    control("DELETE", url, "scans", {"repositoryName": image["repositoryName"], **image["imageId"]})
    assert refusal(ecr.describe_image_scan_findings, **image)[0] == "ScanNotFoundException"
    assert pages(ecr, other, "findings")
    ecr.batch_delete_image(repositoryName=other["repositoryName"], imageIds=[other["imageId"]])
    assert refusal(ecr.describe_image_scan_findings, **other)[0] == "ImageNotFoundException"


def test_a_scan_on_push_has_the_canned_result_at_once(ecr: Any, url: str) -> None:
    name = f"test/{uuid.uuid4().hex}"
    ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
    image = {"repositoryName": name, "imageId": {"imageDigest": push(ecr, name, "one")}}
    assert pages(ecr, image, "findings", maxResults=1)[0][0]["name"] == "CVE-9999-9999"
    # It is the image's scan of these 24 hours.
    assert refusal(ecr.start_image_scan, **image)[0] == "LimitExceededException"
    control("POST", url, "images", {"repositoryName": name, **image["imageId"], "imagePushedAt": 1_000_000_000})
    aged = image | {"imageId": {"imageDigest": push(ecr, name, "two")}}
    control("POST", url, "images", {"repositoryName": name, **aged["imageId"], "imagePushedAt": 1_000_000_000})
    assert ecr.start_image_scan(**aged)["imageScanStatus"] == {"status": "IN_PROGRESS"}


def test_an_image_is_scanned_once_a_day_and_never_by_hand_where_inspector_does(
        ecr: Any, url: str, image: dict[str, Any]) -> None:
    ecr.start_image_scan(**image)
    assert refusal(ecr.start_image_scan, **image)[0] == "LimitExceededException"
    elsewhere = client(url, "ecr", "eu-north-1")
    elsewhere.create_repository(repositoryName="enhanced")
    digest = push(elsewhere, "enhanced", "one")
    elsewhere.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    assert refusal(elsewhere.start_image_scan, repositoryName="enhanced", imageId={"imageDigest": digest}) == (
        "ValidationException", "This feature is disabled")


def test_the_second_page_can_fail(ecr: Any, url: str, image: dict[str, Any]) -> None:
    scanned(url, image, generate={"count": 250})
    control("POST", url, "faults", {"operation": "DescribeImageScanFindings", "error": "ServerException", "after": 1,
                                    "repository": image["repositoryName"]})
    first = ecr.describe_image_scan_findings(**image)
    assert refusal(ecr.describe_image_scan_findings, **image, nextToken=first["nextToken"])[0] == "ServerException"
    second = ecr.describe_image_scan_findings(**image, nextToken=first["nextToken"])
    assert len(second["imageScanFindings"]["findings"]) == 100


def test_a_scan_can_change_between_two_pages(ecr: Any, url: str, image: dict[str, Any]) -> None:
    scanned(url, image, generate={"count": 150}, completedAt=1000)
    scanned(url, image, generate={"count": 120}, completedAt=2000, afterReads=1)
    first = ecr.describe_image_scan_findings(**image)
    second = ecr.describe_image_scan_findings(**image, nextToken=first["nextToken"])
    assert [one["imageScanFindings"]["imageScanCompletedAt"].timestamp() for one in (first, second)] == [1000, 2000]
    assert len(second["imageScanFindings"]["findings"]) == 20


def test_describing_images_tells_of_scans(ecr: Any, url: str, image: dict[str, Any]) -> None:
    unscanned = push(ecr, image["repositoryName"], "other")
    scanned(url, image, findings=[{"name": "CVE-1", "severity": "HIGH"}], completedAt=1000)
    details = {one["imageDigest"]: one for one in ecr.describe_images(
        repositoryName=image["repositoryName"])["imageDetails"]}
    mine = details[image["imageId"]["imageDigest"]]
    assert mine["imageScanStatus"] == {"status": "COMPLETE"}
    assert mine["imageScanFindingsSummary"]["findingSeverityCounts"] == {"HIGH": 1}
    assert mine["imageScanFindingsSummary"]["imageScanCompletedAt"].timestamp() == 1000
    assert (mine["imageTags"], mine["imageManifestMediaType"]) == (["v1"], MANIFEST)
    assert "imageScanStatus" not in details[unscanned] and "imageTags" not in details[unscanned]


def test_times_are_numbers_on_the_wire(url: str, image: dict[str, Any]) -> None:
    scanned(url, image, generate={"count": 1, "kind": "enhanced"}, completedAt=1000)
    request = urllib.request.Request(url, json.dumps(image).encode(), {
        "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeImageScanFindings"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = json.load(answer)["imageScanFindings"]
    assert found["imageScanCompletedAt"] == 1000.0
    assert isinstance(found["enhancedFindings"][0]["updatedAt"], float)


@pytest.mark.parametrize("media_type", ["application/vnd.oci.image.index.v1+json",
                                        "application/vnd.docker.distribution.manifest.list.v2+json"])
def test_manifest_lists_come_back_word_for_word(ecr: Any, image: dict[str, Any], media_type: str) -> None:
    name, child = image["repositoryName"], image["imageId"]["imageDigest"]
    text = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": [
        {"mediaType": MANIFEST, "digest": child, "size": 1, "platform": {"os": "linux", "architecture": "arm64"}}],
    }, indent=3)
    digest = ecr.put_image(repositoryName=name, imageManifest=text)["image"]["imageId"]["imageDigest"]
    [found] = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageDigest": digest}])["images"]
    assert (found["imageManifest"], found["imageManifestMediaType"]) == (text, media_type)


def test_artefacts_tell_their_kind(ecr: Any, repository: str) -> None:
    digest = push(ecr, repository, "sbom", artifactType="application/spdx+json")
    [detail] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])["imageDetails"]
    assert detail["artifactMediaType"] == "application/spdx+json"
