"""Images: digests, tags, deletion, pages."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from typing import Any

import pytest
from conftest import ACCOUNT, control, refusal

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def push(ecr: Any, repository: str, content: str, tag: str | None = None, **more: Any) -> str:
    """An image told apart by a word; its digest."""
    text = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": [],
                       "annotations": {"content": content}} | more)
    answer = ecr.put_image(repositoryName=repository, imageManifest=text, **({"imageTag": tag} if tag else {}))
    assert answer["image"]["imageManifest"] == text
    digest = answer["image"]["imageId"]["imageDigest"]
    assert digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return digest


def push_index(ecr: Any, repository: str, children: list[str], tag: str) -> str:
    """A manifest list."""
    return push(ecr, repository, tag, tag, mediaType=INDEX,
                manifests=[{"mediaType": MANIFEST, "digest": one, "size": 1} for one in children])


def digests(ecr: Any, repository: str, **choice: Any) -> dict[str, list[str]]:
    """Digest and tags of what DescribeImages gives."""
    answer = ecr.describe_images(repositoryName=repository, **choice)
    return {one["imageDigest"]: one.get("imageTags", []) for one in answer["imageDetails"]}


def test_a_tag_that_moves_leaves_its_image_untagged(ecr: Any, repository: str) -> None:
    old = push(ecr, repository, "old", "latest")
    new = push(ecr, repository, "new", "latest")
    assert digests(ecr, repository) == {old: [], new: ["latest"]}
    assert digests(ecr, repository, filter={"tagStatus": "UNTAGGED"}) == {old: []}
    assert digests(ecr, repository, filter={"tagStatus": "TAGGED"}) == {new: ["latest"]}


def test_the_same_image_twice_is_refused(ecr: Any, repository: str) -> None:
    push(ecr, repository, "one", "v1")
    for tag in ("v1", None):
        assert refusal(push, ecr=ecr, repository=repository, content="one", tag=tag)[0] == "ImageAlreadyExistsException"


@pytest.mark.parametrize("mode, tag, moves", [
    ("IMMUTABLE", "v1", False),
    ("IMMUTABLE_WITH_EXCLUSION", "v1", False),
    ("IMMUTABLE_WITH_EXCLUSION", "dev-1", True),
    ("MUTABLE_WITH_EXCLUSION", "v1", True),
    ("MUTABLE_WITH_EXCLUSION", "dev-1", False),
])
def test_immutable_tags_do_not_move(ecr: Any, repository: str, mode: str, tag: str, moves: bool) -> None:
    filters = {"imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}]}
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability=mode,
                                 **(filters if mode.endswith("EXCLUSION") else {}))
    push(ecr, repository, "one", tag)
    if moves:
        push(ecr, repository, "two", tag)
    else:
        assert refusal(push, ecr=ecr, repository=repository, content="two", tag=tag)[0] == (
            "ImageTagAlreadyExistsException")


def test_children_outlive_their_list_only(ecr: Any, repository: str) -> None:
    child = push(ecr, repository, "child")
    index = push_index(ecr, repository, [child], "v1")

    def delete(digest: str) -> Any:
        return ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])

    refused = delete(child)
    assert (refused["imageIds"], refused["failures"][0]["failureCode"]) == ([], "ImageReferencedByManifestList")
    assert delete(index)["imageIds"] == [{"imageDigest": index, "imageTag": "v1"}]
    assert delete(child)["imageIds"] == [{"imageDigest": child}]
    assert delete(child)["failures"][0]["failureCode"] == "ImageNotFound"
    assert refusal(push_index, ecr=ecr, repository=repository, children=[child], tag="v2")[0] == (
        "ReferencedImagesNotFoundException")


def test_a_tag_goes_alone_until_it_is_the_last(ecr: Any, repository: str) -> None:
    digest = push(ecr, repository, "one", "a")
    ecr.put_image(repositoryName=repository, imageTag="b", imageManifest=ecr.batch_get_image(
        repositoryName=repository, imageIds=[{"imageTag": "a"}])["images"][0]["imageManifest"])
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "a"}])
    assert digests(ecr, repository) == {digest: ["b"]}
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "b"}])
    assert digests(ecr, repository) == {}


def test_images_come_in_pages(ecr: Any, repository: str) -> None:
    pushed = {push(ecr, repository, str(number)) for number in range(7)}
    for operation, member in (("describe_images", "imageDetails"), ("list_images", "imageIds")):
        seen: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = getattr(ecr, operation)(repositoryName=repository, maxResults=3, **token)
            assert len(answer[member]) <= 3
            seen += [one["imageDigest"] for one in answer[member]]
            if "nextToken" not in answer:
                break
            token = {"nextToken": answer["nextToken"]}
        assert (len(seen), set(seen)) == (7, pushed)
    code, _ = refusal(ecr.describe_images, repositoryName=repository, maxResults=3,
                      imageIds=[{"imageDigest": seen[0]}])
    assert code == "InvalidParameterException"


def test_a_subject_is_shown_and_an_image_can_be_aged(ecr: Any, repository: str, url: str) -> None:
    image = push(ecr, repository, "image", "v1")
    signature = push(ecr, repository, "signature", subject={"mediaType": MANIFEST, "digest": image, "size": 1})
    control("POST", url, "images", {"repositoryName": repository, "imageDigest": signature,
                                    "imagePushedAt": 1_000_000_000})
    details = ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": signature}])["imageDetails"]
    assert details[0]["subjectManifestDigest"] == image
    assert details[0]["imagePushedAt"].timestamp() == 1_000_000_000


def test_a_repository_with_images_is_not_deleted_without_force(ecr: Any, repository: str) -> None:
    push(ecr, repository, "one")
    assert refusal(ecr.delete_repository, repositoryName=repository)[0] == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName=repository, force=True)
    assert refusal(ecr.delete_repository, repositoryName=repository)[0] == "RepositoryNotFoundException"


def test_findings_come_in_pages(ecr: Any, repository: str, url: str) -> None:
    digest = push(ecr, repository, "scanned")
    names = [f"CVE-2026-{number:04}" for number in range(250)]
    result = {"registryId": ACCOUNT, "repositoryName": repository, "imageId": {"imageDigest": digest},
              "imageScanStatus": {"status": "COMPLETE"},
              "imageScanFindings": {"findings": [{"name": name, "severity": "HIGH"} for name in names],
                                    "findingSeverityCounts": {"HIGH": 250}}}
    urllib.request.urlopen(urllib.request.Request(
        f"{url}/moto-api/static/ecr/scan-finding-results", json.dumps(
            {"results": [result], "account_id": ACCOUNT}).encode(),
        {"Content-Type": "application/json"})).close()
    image = {"repositoryName": repository, "imageId": {"imageDigest": digest}}
    assert refusal(ecr.describe_image_scan_findings, **image)[0] == "ScanNotFoundException"
    ecr.start_image_scan(**image)
    pages, token = [], {}
    while True:
        answer = ecr.describe_image_scan_findings(**image, **token)
        pages.append([one["name"] for one in answer["imageScanFindings"]["findings"]])
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert [len(one) for one in pages] == [100, 100, 50]
    assert sum(pages, []) == names
