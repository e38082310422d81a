"""Previews of lifecycle policies: what they find, and how they come."""

from __future__ import annotations

import json
import time
from typing import Any, Iterator

import pytest
from conftest import control, refusal
from test_images import MANIFEST, push, push_index

DAY = 86_400


@pytest.fixture(autouse=True)
def soon(url: str) -> Iterator[None]:
    """Previews are there at once, unless a test says otherwise."""
    control("PUT", url, "previews", {"seconds": 0})
    yield
    control("DELETE", url, "previews")


def rule(priority: int, status: str, count: int, kind: str = "imageCountMoreThan", action: str = "expire",
         **more: Any) -> dict[str, Any]:
    """One rule."""
    unit = {} if kind == "imageCountMoreThan" else {"countUnit": "days"}
    acts = {"type": action} | ({"targetStorageClass": "archive"} if action == "transition" else {})
    return {"rulePriority": priority, "action": acts,
            "selection": {"tagStatus": status, "countType": kind, "countNumber": count} | unit | more}


def policy(*rules: dict[str, Any]) -> str:
    """Its text, long enough for the service."""
    return json.dumps({"rules": list(rules)}, indent=1).ljust(100)


def stock(ecr: Any, url: str, repository: str, images: dict[str, tuple[int, list[str]]]) -> dict[str, str]:
    """Images by name, each with its age in days and its tags; the names by digest."""
    names = {}
    for name, (age, tags) in images.items():
        digest = push(ecr, repository, name, tags[0] if tags else None)
        text = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"][0]
        for tag in tags[1:]:
            ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=text["imageManifest"])
        aged(url, repository, digest, age)
        names[digest] = name
    return names


def aged(url: str, repository: str, digest: str, days: float) -> None:
    """It was pushed so many days ago."""
    control("POST", url, "images", {"repositoryName": repository, "imageDigest": digest,
                                    "imagePushedAt": time.time() - days * DAY})


def previewed(ecr: Any, repository: str, *rules: dict[str, Any]) -> dict[str, int]:
    """The rule that takes each image, by digest."""
    ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=policy(*rules))
    found = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert found["summary"]["expiringImageTotalCount"] == len(found["previewResults"])
    return {one["imageDigest"]: one["appliedRulePriority"] for one in found["previewResults"]}


@pytest.mark.parametrize("images, rules, taken", [
    # Two examples of the service's own documentation: what an earlier rule has seen is out of reach of later ones,
    # and is counted by them.
    ({"A": (10, ["beta-1", "prod-1"]), "B": (9, ["beta-2", "prod-2"]), "C": (8, ["beta-3"])},
     [rule(1, "tagged", 1, tagPrefixList=["prod"]), rule(2, "tagged", 1, tagPrefixList=["beta"])],
     {"A": 1}),
    ({"A": (12, ["alpha-1"]), "B": (11, []), "C": (10, ["alpha-2"]), "D": (9, ["git-hash"]), "E": (8, [])},
     [rule(1, "tagged", 1, tagPrefixList=["alpha"]), rule(2, "untagged", 1), rule(3, "any", 1)],
     {"A": 1, "B": 2, "D": 3}),
    # The order in the text is not the order of the rules.
    ({"A": (9, ["v1"]), "B": (8, ["v2"])},
     [rule(9, "any", 1), rule(2, "tagged", 5, tagPrefixList=["v"])], {}),
    # A list is "and": each entry is met by one of the image's tags.
    ({"A": (9, ["v1", "release-1"]), "B": (8, ["v2"]), "C": (7, ["release-3"])},
     [rule(1, "tagged", 1, "sinceImagePushed", tagPrefixList=["v", "release"])], {"A": 1}),
    ({"A": (9, ["prod-eu-1"]), "B": (8, ["prod-us-1"]), "C": (7, ["a.prod-eu"])},
     [rule(1, "tagged", 1, "sinceImagePushed", tagPatternList=["prod*eu*"])], {"A": 1}),
    # Patterns know no other wildcard, and prefixes none at all.
    ({"A": (9, ["v1"]), "B": (8, ["w*1"])},
     [rule(1, "tagged", 1, "sinceImagePushed", tagPatternList=["v?"]),
      rule(2, "tagged", 1, "sinceImagePushed", tagPrefixList=["*"])], {}),
    # Older than so many days.
    ({"A": (31, []), "B": (29, []), "C": (31, ["x"])},
     [rule(1, "untagged", 30, "sinceImagePushed")], {"A": 1}),
])
def test_what_a_policy_would_expire(ecr: Any, url: str, repository: str, images: dict[str, Any],
                                    rules: list[dict[str, Any]], taken: dict[str, int]) -> None:
    names = stock(ecr, url, repository, images)
    assert {names[one]: priority for one, priority in previewed(ecr, repository, *rules).items()} == taken
    assert len(ecr.list_images(repositoryName=repository)["imageIds"]) >= len(images)


def test_what_a_list_or_a_subject_holds_is_not_taken(ecr: Any, url: str, repository: str) -> None:
    names = stock(ecr, url, repository, {"child": (40, []), "loose": (40, [])})
    [child] = [digest for digest, name in names.items() if name == "child"]
    index = push_index(ecr, repository, [child], "v1")
    signature = push(ecr, repository, "signature", subject={"mediaType": MANIFEST, "digest": index, "size": 1})
    aged(url, repository, signature, 40)
    taken = previewed(ecr, repository, rule(1, "untagged", 1, "sinceImagePushed"))
    assert [names[one] for one in taken] == ["loose"]


def test_transitions_are_counted_apart(ecr: Any, url: str, repository: str) -> None:
    stock(ecr, url, repository, {"A": (40, ["a"]), "B": (1, ["b"])})
    ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=policy(
        rule(1, "any", 30, "sinceImagePulled", "transition")))
    found = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert found["summary"] == {"expiringImageTotalCount": 0, "transitioningImageTotalCounts": [
        {"targetStorageClass": "ARCHIVE", "imageTotalCount": 1}]}
    [one] = found["previewResults"]
    assert (one["imageTags"], one["action"]) == (["a"], {"type": "TRANSITION", "targetStorageClass": "ARCHIVE"})


def test_it_takes_its_time_and_is_the_only_one(ecr: Any, url: str, repository: str) -> None:
    control("PUT", url, "previews", {"seconds": 1.5})
    text = policy(rule(1, "any", 1))
    push(ecr, repository, "one")
    assert refusal(ecr.get_lifecycle_policy_preview, repositoryName=repository)[0] == (
        "LifecyclePolicyPreviewNotFoundException")
    assert ecr.start_lifecycle_policy_preview(
        repositoryName=repository, lifecyclePolicyText=text)["status"] == "IN_PROGRESS"
    going = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert (going["status"], going.get("previewResults"), going.get("summary")) == ("IN_PROGRESS", None, None)
    assert refusal(ecr.start_lifecycle_policy_preview, repositoryName=repository, lifecyclePolicyText=text)[0] == (
        "LifecyclePolicyPreviewInProgressException")
    time.sleep(1.6)
    ended = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert (ended["status"], json.loads(ended["lifecyclePolicyText"])) == ("COMPLETE", json.loads(text))
    control("PUT", url, "previews", {"seconds": 0, "status": "FAILED"})
    ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=text)
    failed = ecr.get_lifecycle_policy_preview(repositoryName=repository)
    assert (failed["status"], "summary" in failed) == ("FAILED", False)


def test_without_a_text_it_is_of_the_policy_in_force(ecr: Any, repository: str) -> None:
    assert refusal(ecr.start_lifecycle_policy_preview, repositoryName=repository)[0] == (
        "LifecyclePolicyNotFoundException")
    one = push(ecr, repository, "one")
    two = push(ecr, repository, "two")
    ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=policy(rule(1, "any", 1)))
    ecr.start_lifecycle_policy_preview(repositoryName=repository)
    taken = ecr.get_lifecycle_policy_preview(repositoryName=repository)["previewResults"]
    assert [entry["imageDigest"] in (one, two) for entry in taken] == [True]


def test_what_no_repository_could_have_is_refused(ecr: Any, repository: str) -> None:
    text = policy(rule(1, "untagged", 1), rule(2, "untagged", 2))
    code, message = refusal(ecr.start_lifecycle_policy_preview, repositoryName=repository, lifecyclePolicyText=text)
    assert (code, "Only one rule can select Untagged" in message) == ("InvalidParameterException", True)
    for call in (ecr.start_lifecycle_policy_preview, ecr.get_lifecycle_policy_preview):
        assert refusal(call, repositoryName="no/such")[0] == "RepositoryNotFoundException"


def test_results_come_in_pages_and_can_be_chosen(ecr: Any, repository: str) -> None:
    pushed = [push(ecr, repository, str(number), f"t{number}" if number % 2 else None) for number in range(8)]
    ecr.start_lifecycle_policy_preview(repositoryName=repository, lifecyclePolicyText=policy(rule(1, "any", 1)))
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = ecr.get_lifecycle_policy_preview(repositoryName=repository, maxResults=3, **token)
        assert answer["summary"]["expiringImageTotalCount"] == 7
        seen += [one["imageDigest"] for one in answer["previewResults"]]
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert (len(seen), set(seen) < set(pushed)) == (7, True)
    tagged = ecr.get_lifecycle_policy_preview(repositoryName=repository, filter={"tagStatus": "TAGGED"})
    assert all(one["imageTags"] for one in tagged["previewResults"])
    chosen = ecr.get_lifecycle_policy_preview(repositoryName=repository, imageIds=[{"imageDigest": seen[0]}])
    assert [one["imageDigest"] for one in chosen["previewResults"]] == [seen[0]]
    for wish in ({"maxResults": 101}, {"maxResults": 5, "imageIds": [{"imageDigest": seen[0]}]}):
        assert refusal(ecr.get_lifecycle_policy_preview, repositoryName=repository, **wish)[0] == (
            "InvalidParameterException")


@pytest.mark.parametrize("wish", [[], {"second": 1}, {"seconds": -1}, {"seconds": True}, {"status": "IN_PROGRESS"}])
def test_a_control_that_makes_no_sense_is_refused(url: str, wish: Any) -> None:
    from urllib.error import HTTPError

    with pytest.raises(HTTPError) as caught:
        control("PUT", url, "previews", wish)
    assert caught.value.code == 400
