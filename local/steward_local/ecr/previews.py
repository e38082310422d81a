"""Previews of lifecycle policies, evaluated over the images that are there. Nothing is ever expired.

As the service does it: all rules look at the repository as it is; an image that meets the tag test of a rule is out of
reach of every later one, whether or not that rule took it; later rules count it all the same. What a manifest list
refers to stays as long as the list does, and what has a subject goes with that and with no rule.
"""

from __future__ import annotations

import fnmatch
import json
import time
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ecr.models import ECRBackend, Image, Repository

from . import backend as mended
from . import lifecycle
from .errors import EcrError, invalid
from .paging import page

Request = dict[str, Any]
DAY = 86_400
OUTCOMES = ("COMPLETE", "FAILED", "EXPIRED")
# The service takes some seconds.
USUAL_SECONDS = 0.3


@dataclass
class Wish:
    """How long previews take, and how they end."""

    seconds: float = USUAL_SECONDS
    status: str = "COMPLETE"


wish = Wish()


@dataclass
class Preview:
    """One preview of a repository; the next takes its place."""

    text: str
    ends: float
    status: str
    results: list[Request]

    def now(self) -> str:
        """How far it has come."""
        return self.status if time.monotonic() >= self.ends else "IN_PROGRESS"


def set_wish(given: Any) -> None:
    """Control: of previews that begin from now on. Raises ValueError with what is wrong."""
    if not isinstance(given, dict) or set(given) - {"seconds", "status"}:
        raise ValueError("previews have seconds and status")
    seconds, status = given.get("seconds", USUAL_SECONDS), given.get("status", "COMPLETE")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        raise ValueError("seconds is a number from 0")
    if status not in OUTCOMES:
        raise ValueError(f"status is one of {', '.join(OUTCOMES)}")
    wish.seconds, wish.status = float(seconds), status


def clear() -> None:
    """Control: as usual."""
    set_wish({})


def answer(operation: str, request: Request, state: ECRBackend) -> Request | None:
    """The answer to an operation of this module, None for all others."""
    if operation == "StartLifecyclePolicyPreview":
        return start(request, found(request, state))
    if operation == "GetLifecyclePolicyPreview":
        return get(request, found(request, state))
    return None


def found(request: Request, state: ECRBackend) -> Repository:
    """The repository, or its absence."""
    try:
        return state._get_repository(request["repositoryName"], request.get("registryId"))
    except ServiceException as problem:
        raise EcrError(problem.code, problem.message) from None


def start(request: Request, repository: Repository) -> Request:
    """Begins one, of the policy given or of the one in force."""
    text = request.get("lifecyclePolicyText") or repository.lifecycle_policy
    if not text:
        raise EcrError("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository "
                       f"with name '{repository.name}' in the registry with id '{repository.registry_id}'")
    text = lifecycle.accepted(text)
    before = getattr(repository, "steward_preview", None)
    if before and before.now() == "IN_PROGRESS":
        raise EcrError("LifecyclePolicyPreviewInProgressException", "The lifecycle policy preview for the repository "
                       f"with name '{repository.name}' in the registry with id '{repository.registry_id}' "
                       "is in progress")
    results = evaluate(json.loads(text)["rules"], repository.images, time.time())
    repository.steward_preview = Preview(text, time.monotonic() + wish.seconds, wish.status, results)
    return head(repository, text) | {"status": "IN_PROGRESS"}


def head(repository: Repository, text: str) -> Request:
    """What both answers begin with."""
    return {"registryId": repository.registry_id, "repositoryName": repository.name, "lifecyclePolicyText": text}


def get(request: Request, repository: Repository) -> Request:
    """How far it has come; once it is complete, a page of its results."""
    preview = getattr(repository, "steward_preview", None)
    if preview is None:
        raise EcrError("LifecyclePolicyPreviewNotFoundException", "Lifecycle policy preview does not exist for the "
                       f"repository with name '{repository.name}' in the registry with id '{repository.registry_id}'")
    for paging in ("maxResults", "nextToken"):
        if "imageIds" in request and paging in request:
            raise invalid(paging, f"{paging} cannot be used when imageIds is specified")
    told = head(repository, preview.text) | {"status": preview.now()}
    if told["status"] != "COMPLETE":
        return told
    chosen = [one for one in preview.results if wanted(one, request)]
    shown, token = chosen, None
    if "imageIds" not in request:
        shown, token = page(chosen, lambda one: one["imageDigest"], request, "GetLifecyclePolicyPreview")
    transitions = sum(one["action"]["type"] == "TRANSITION" for one in preview.results)
    summary: Request = {"expiringImageTotalCount": len(preview.results) - transitions}
    if transitions:
        summary["transitioningImageTotalCounts"] = [
            {"targetStorageClass": "ARCHIVE", "imageTotalCount": transitions}]
    return told | {"previewResults": shown, "summary": summary} | ({"nextToken": token} if token else {})


def wanted(one: Request, request: Request) -> bool:
    """Is this result asked for?"""
    status = request.get("filter", {}).get("tagStatus", "ANY")
    if status != "ANY" and bool(one["imageTags"]) != (status == "TAGGED"):
        return False
    ids = request.get("imageIds")
    return ids is None or any(entry.get("imageDigest") == one["imageDigest"]
                              or entry.get("imageTag") in one["imageTags"] for entry in ids)


def evaluate(rules: list[Request], images: list[Image], now: float) -> list[Request]:
    """What a policy would do to these images: at most one result for each."""
    present = {image.get_image_digest() for image in images}
    children = set().union(*(mended.children(image) for image in images)) if images else set()
    bound = {digest for digest in present & children}
    bound |= {image.get_image_digest() for image in images
              if getattr(image, "subject_manifest_digest", None) in present}
    results, claimed = [], set()
    # Nothing here is ever archived, so rules for the archive find nothing.
    standard = [rule for rule in rules if rule["selection"].get("storageClass", "standard") == "standard"]
    for rule in sorted(standard, key=lambda one: one["rulePriority"]):
        seen = [image for image in images if meets(rule["selection"], list(image.image_tags))]
        for image in beyond(rule["selection"], seen, now):
            if image.get_image_digest() not in claimed | bound:
                results.append(result(rule, image))
        claimed |= {image.get_image_digest() for image in seen}
    return results


def meets(selection: Request, tags: list[str]) -> bool:
    """The tag test: every entry of a list is met by one of the tags."""
    if selection["tagStatus"] == "any":
        return True
    if selection["tagStatus"] == "untagged":
        return not tags
    patterns = ([plain(one, "?[") for one in selection["tagPatternList"]] if "tagPatternList" in selection
                else [plain(one, "*?[") + "*" for one in selection["tagPrefixList"]])
    return bool(tags) and all(any(fnmatch.fnmatchcase(tag, one) for tag in tags) for one in patterns)


def plain(text: str, letters: str) -> str:
    """With these letters standing for themselves."""
    return "".join(f"[{letter}]" if letter in letters else letter for letter in text)


def beyond(selection: Request, seen: list[Image], now: float) -> list[Image]:
    """Those that are too many, or too old."""
    ordered = sorted(seen, key=lambda image: image.image_pushed_at, reverse=True)
    if selection["countType"] == "imageCountMoreThan":
        return ordered[selection["countNumber"]:]
    # Nobody ever pulls from here: what was never pulled counts from its push.
    return [image for image in ordered if now - image.image_pushed_at > selection["countNumber"] * DAY]


def result(rule: Request, image: Image) -> Request:
    """As the service tells it."""
    action = ({"type": "EXPIRE"} if rule["action"]["type"] == "expire"
              else {"type": "TRANSITION", "targetStorageClass": "ARCHIVE"})
    return {"imageTags": list(image.image_tags), "imageDigest": image.get_image_digest(),
            "imagePushedAt": float(image.image_pushed_at), "action": action,
            "appliedRulePriority": rule["rulePriority"], "storageClass": "STANDARD"}
