"""Image scans: what a test says a scan found, read as the service lets it be read.

An image without such a scan has moto's own canned result where something had it
scanned, that is StartImageScan or a scan on push.
"""

from __future__ import annotations

import datetime
import time
from collections import Counter
from typing import Any, Callable

from botocore.model import ListShape, Shape, StructureShape
from moto.core.exceptions import ServiceException
from moto.ecr import models
from moto.ecr.models import ECRBackend, Image, Repository

from . import backend as mended
from . import generated, model
from .errors import EcrError, invalid
from .paging import page

Request = dict[str, Any]
# The pinned model lacks the last one.
STATUSES = ("IN_PROGRESS", "COMPLETE", "FAILED", "UNSUPPORTED_IMAGE", "ACTIVE", "PENDING",
            "SCAN_ELIGIBILITY_EXPIRED", "FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED", "IMAGE_ARCHIVED",
            "IMAGE_SIZE_EXCEEDED")
KINDS = {"findings": "ImageScanFinding", "enhancedFindings": "EnhancedImageScanFinding"}
KNOWN = {"region", "repositoryName", "imageDigest", "status", "description", "completedAt", "sourceUpdatedAt",
         "generate", "afterReads", *KINDS}
DAY = datetime.timedelta(days=1)


def set_scan(wish: Any) -> None:
    """Control: the result of an image's scan. Raises ValueError with what is wrong."""
    if not isinstance(wish, dict):
        raise ValueError("a scan is a JSON object")
    unknown = sorted(set(wish) - KNOWN)
    if unknown:
        raise ValueError(f"{unknown[0]}: unknown")
    if wish.get("status") not in STATUSES:
        raise ValueError(f"status has to be one of {', '.join(STATUSES)}")
    image = named(wish)
    scan = {"status": {"status": wish["status"]}, "result": result(wish, image)}
    if "description" in wish:
        scan["status"]["description"] = str(wish["description"])
    reads = wish.get("afterReads", 0)
    if reads:
        image.steward_next_scan = (int(reads), scan)
    else:
        image.steward_scan, image.steward_next_scan = scan, None


def clear(wish: Any) -> None:
    """Control: the scan of one image, or without a wish all of them."""
    if wish:
        images = [named(wish)]
    else:
        images = [image for account in models.ecr_backends.values() for state in account.values()
                  for repository in state.repositories.values() for image in repository.images]
    for image in images:
        image.steward_scan = image.steward_next_scan = None


def named(wish: Request) -> Image:
    """The image a control is about."""
    state = mended.of(wish.get("region", "us-east-1"))
    try:
        return found(state, {"repositoryName": wish["repositoryName"],
                             "imageId": {"imageDigest": wish["imageDigest"]}})[1]
    except EcrError as problem:
        raise ValueError(problem.message) from None


def result(wish: Request, image: Image) -> Request:
    """The part of the answer that has the findings; nothing where a scan with that status has none."""
    given = [kind for kind in (*KINDS, "generate") if kind in wish]
    if len(given) > 1:
        raise ValueError("only one of findings, enhancedFindings and generate")
    if given == ["generate"]:
        region = wish.get("region", "us-east-1")
        kind, items = generated.findings(wish["generate"], described(image, region))
    elif given:
        kind, items = given[0], accepted(given[0], wish[given[0]])
    elif wish["status"] in ("COMPLETE", "ACTIVE"):
        kind, items = ("findings" if wish["status"] == "COMPLETE" else "enhancedFindings"), []
    else:
        return {}
    completed = wish.get("completedAt", time.time())
    times = {"imageScanCompletedAt": completed, "vulnerabilitySourceUpdatedAt": wish.get("sourceUpdatedAt", completed)}
    return {name: seconds(moment, name) for name, moment in times.items() if moment is not None} | {
        kind: items, "findingSeverityCounts": dict(Counter(one["severity"] for one in items if "severity" in one))}


def described(image: Image, region: str) -> Request:
    """What enhanced findings tell about their image."""
    arn = f"arn:aws:ecr:{region}:{image.registry_id}:repository/{image.repository_name}/{image.get_image_digest()}"
    return {"arn": arn, "region": region, "account": image.registry_id, "repository": image.repository_name,
            "digest": image.get_image_digest(), "tags": list(image.image_tags),
            "pushedAt": float(image.image_pushed_at)}


def accepted(kind: str, items: Any) -> list[Request]:
    """Findings as given, once they have the shape of the model; severities may be new ones."""
    if not isinstance(items, list):
        raise ValueError(f"{kind} is a list")
    shape = model.shape(KINDS[kind])
    try:
        for number, one in enumerate(items, 1):
            model.check(shape, {key: value for key, value in one.items() if key != "severity"}, f"{kind}.{number}")
    except EcrError as problem:
        raise ValueError(problem.message) from None
    return [stamped(shape, one) for one in items]


def stamped(shape: Shape, value: Any) -> Any:
    """With all times as numbers, as the protocol has them."""
    if isinstance(shape, StructureShape):
        return {key: stamped(shape.members[key], one) for key, one in value.items()}
    if isinstance(shape, ListShape):
        return [stamped(shape.member, one) for one in value]
    return seconds(value, shape.name) if shape.type_name == "timestamp" else value


def seconds(moment: Any, place: str) -> float:
    """Seconds since 1970, given as such or as RFC 3339."""
    if isinstance(moment, str):
        read = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
        if read.tzinfo is None:
            raise ValueError(f"{place} needs a time zone")
        return read.timestamp()
    if isinstance(moment, bool) or not isinstance(moment, (int, float)):
        raise ValueError(f"{place} is a number of seconds or RFC 3339")
    return float(moment)


def answer(operation: str, request: Request, state: ECRBackend) -> Request | None:
    """The answer to an operation of this module; None leaves it to moto."""
    handler = HANDLERS.get(operation)
    return handler(request, state) if handler else None


def found(state: ECRBackend, request: Request) -> tuple[Repository, Image]:
    """What a request names, or the refusal of what is not there."""
    wish = request["imageId"]
    if not wish.get("imageTag") and not wish.get("imageDigest"):
        raise EcrError("InvalidParameterException",
                       "Invalid request parameters: both tag and digest cannot be null")
    try:
        repository = state._get_repository(request["repositoryName"], request.get("registryId"))
        return repository, repository._get_image(wish.get("imageTag"), wish.get("imageDigest"))
    except ServiceException as problem:
        raise EcrError(problem.code, problem.message) from None


def start(request: Request, state: ECRBackend) -> Request:
    """Once per image in 24 hours, a scan on push included, and not where Inspector scans."""
    repository, image = found(state, request)
    if state.registry_scanning_configuration.get("scanType") == "ENHANCED":
        raise EcrError("ValidationException", "This feature is disabled")
    scanned_on_push(state, repository, image)
    if image.last_scan and datetime.datetime.now() - image.last_scan < DAY:
        raise EcrError("LimitExceededException", "The scan quota per image has been exceeded. Wait and try again.")
    image.last_scan = datetime.datetime.now()
    return head(request, image) | {"imageScanStatus": {"status": "IN_PROGRESS"}}


def scanned_on_push(state: ECRBackend, repository: Repository, image: Image) -> None:
    """moto never scans by itself; here a push is when it happened."""
    frequency, _ = mended.frequency_of(state.registry_scanning_configuration, repository)
    if image.last_scan is None and frequency != "MANUAL":
        image.last_scan = datetime.datetime.fromtimestamp(image.image_pushed_at)


def head(request: Request, image: Image) -> Request:
    """What such answers begin with. A digest is answered with the digest alone."""
    return {"registryId": image.registry_id, "repositoryName": image.repository_name,
            "imageId": {"imageDigest": image.get_image_digest()} | (
                {"imageTag": request["imageId"]["imageTag"]} if request["imageId"].get("imageTag") else {})}


def describe(request: Request, state: ECRBackend) -> Request | None:
    """A page of the findings; one token spans both kinds of them."""
    repository, image = found(state, request)
    scan = getattr(image, "steward_scan", None)
    if scan is None:
        scanned_on_push(state, repository, image)
        if image.last_scan is None:
            wish = request["imageId"]
            raise EcrError("ScanNotFoundException", "Image scan does not exist for the image with "
                           f"'{{imageDigest:'{wish.get('imageDigest', 'null')}', "
                           f"imageTag:'{wish.get('imageTag', 'null')}'}}' in the repository with name "
                           f"'{image.repository_name}' in the registry with id '{image.registry_id}'")
        turn(image)
        return None
    whole = scan["result"]
    told = head(request, image) | {"imageScanStatus": scan["status"]}
    kind = next((one for one in KINDS if one in whole), None)
    if kind is None:
        if "nextToken" in request:
            raise invalid("nextToken", "Invalid token")
    else:
        chosen, token = page(list(enumerate(whole[kind])), lambda one: one[0], request, "DescribeImageScanFindings")
        told["imageScanFindings"] = whole | {kind: [one for _, one in chosen]}
        told |= {"nextToken": token} if token else {}
    turn(image)
    return told


def turn(image: Image) -> None:
    """A scan that is to be seen after so many reads comes nearer."""
    reads, scan = getattr(image, "steward_next_scan", None) or (0, None)
    if scan is not None:
        image.steward_next_scan = (reads - 1, scan)
        if reads <= 1:
            image.steward_scan, image.steward_next_scan = scan, None


def summarise(details: list[Request], request: Request, state: ECRBackend) -> None:
    """Into what DescribeImages tells of each image."""
    images = {one.get_image_digest(): one for one in state.repositories[request["repositoryName"]].images}
    for detail in details:
        scan = getattr(images.get(detail["imageDigest"]), "steward_scan", None)
        if scan:
            detail["imageScanStatus"] = scan["status"]
            if scan["result"]:
                detail["imageScanFindingsSummary"] = {
                    key: value for key, value in scan["result"].items() if key not in KINDS}


HANDLERS: dict[str, Callable[[Request, ECRBackend], Request | None]] = {
    "StartImageScan": start, "DescribeImageScanFindings": describe}
