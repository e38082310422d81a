"""What the service checks beyond its model, operation by operation."""

from __future__ import annotations

from typing import Any

from moto.ecr.models import ECRBackend

from . import lifecycle, policies
from .errors import EcrError, invalid
from .paging import page

MAX_TAGS = 50
Request = dict[str, Any]


def before(operation: str, request: Request, backend: ECRBackend) -> Request:
    """The request as moto may see it, or the refusal."""
    check = BEFORE.get(operation)
    return check(request, backend) if check else request


def create_repository(request: Request, _backend: ECRBackend) -> Request:
    """Tags, encryption and mutability of a new repository."""
    check_tags(request.get("tags", []), {})
    encryption = request.get("encryptionConfiguration", {})
    if encryption.get("encryptionType") == "AES256" and "kmsKey" in encryption:
        raise invalid("encryptionConfiguration.kmsKey", "kmsKey cannot be used with encryption type AES256")
    return mutability(request, _backend)


def mutability(request: Request, _backend: ECRBackend) -> Request:
    """Filters go with the two modes that have exclusions, and only with them."""
    mode = request.get("imageTagMutability", "MUTABLE")
    filters = request.get("imageTagMutabilityExclusionFilters")
    if mode.endswith("_WITH_EXCLUSION") and not filters:
        raise invalid("imageTagMutabilityExclusionFilters",
                      f"ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as {mode}")
    if not mode.endswith("_WITH_EXCLUSION") and filters is not None:
        raise invalid("imageTagMutabilityExclusionFilters",
                      f"ImageTagMutabilityExclusionFilters must be null when imageTagMutability is set as {mode}")
    return request


def put_image_scanning(request: Request, _backend: ECRBackend) -> Request:
    """SDKs leave out a flag that is false, which is what moto takes for no change."""
    return request | {"imageScanningConfiguration": {"scanOnPush": False} | request["imageScanningConfiguration"]}


def tag_resource(request: Request, backend: ECRBackend) -> Request:
    """New tags count together with those that are there."""
    repository = backend.repositories.get(request["resourceArn"].partition(":repository/")[2])
    present = backend.tagger.get_tag_dict_for_resource(repository.arn) if repository else {}
    check_tags(request["tags"], present)
    return request


def check_tags(tags: list[dict[str, str]], present: dict[str, str]) -> None:
    """Number, reserved prefix, lengths, duplicates."""
    keys = [tag["Key"] for tag in tags]
    for tag in tags:
        if not 1 <= len(tag["Key"]) <= 128:
            raise bad_tag("Tag key must be between 1 and 128 characters long")
        if len(tag["Value"]) > 256:
            raise bad_tag("Tag value must be at most 256 characters long")
        if tag["Key"].lower().startswith("aws:"):
            raise bad_tag("Tag keys that start with aws: are reserved for system use")
    if len(set(keys)) != len(keys):
        raise bad_tag("Duplicate tag keys found")
    if len(set(keys) | set(present)) > MAX_TAGS:
        raise EcrError("TooManyTagsException", f"The number of tags exceeds the limit of {MAX_TAGS}")


def bad_tag(text: str) -> EcrError:
    """Tags have an exception of their own."""
    return invalid("tags", text, "InvalidTagParameterException")


def names_or_pages(member: str) -> Any:
    """Explicit names come back whole, so paging does not go with them."""
    def check(request: Request, _backend: ECRBackend) -> Request:
        if member in request:
            for paging in ("maxResults", "nextToken"):
                if paging in request:
                    raise invalid(paging, f"{paging} cannot be used when {member} is specified")
        return request
    return check


def put_lifecycle_policy(request: Request, _backend: ECRBackend) -> Request:
    """Stored in the order of the priorities."""
    return request | {"lifecyclePolicyText": lifecycle.accepted(request["lifecyclePolicyText"])}


def set_repository_policy(request: Request, _backend: ECRBackend) -> Request:
    """Stored in the form in which it is read."""
    return request | {"policyText": policies.repository_policy(request["policyText"])}


def put_registry_policy(request: Request, _backend: ECRBackend) -> Request:
    """Stored in the form in which it is read."""
    return request | {"policyText": policies.registry_policy(request["policyText"])}


def put_registry_scanning(request: Request, backend: ECRBackend) -> Request:
    """Basic scanning knows no continuous scans. What is not mentioned keeps its type."""
    request = {"scanType": backend.registry_scanning_configuration["scanType"], "rules": []} | request
    frequencies = [rule["scanFrequency"] for rule in request["rules"]]
    allowed = ("SCAN_ON_PUSH",) if request["scanType"] == "BASIC" else ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")
    for frequency in frequencies:
        if frequency not in allowed:
            raise invalid("rules", f"scanFrequency {frequency} is not supported for scanType {request['scanType']}")
    if len(set(frequencies)) != len(frequencies):
        raise invalid("rules", "Only one rule is allowed for each scanFrequency")
    return request


BEFORE = {
    "CreateRepository": create_repository,
    "PutImageTagMutability": mutability,
    "PutImageScanningConfiguration": put_image_scanning,
    "TagResource": tag_resource,
    "DescribeRepositories": names_or_pages("repositoryNames"),
    "DescribeImages": names_or_pages("imageIds"),
    "PutLifecyclePolicy": put_lifecycle_policy,
    "SetRepositoryPolicy": set_repository_policy,
    "PutRegistryPolicy": put_registry_policy,
    "PutRegistryScanningConfiguration": put_registry_scanning,
}


def after(operation: str, request: Request, answer: Request) -> Request:
    """Filters and pages of the answers that moto gives whole."""
    if operation == "DescribeRepositories" and "repositoryNames" not in request:
        return cut(answer, "repositories", lambda one: one["repositoryName"], request, operation)
    if operation == "DescribeImages":
        answer["imageDetails"] = wanted(answer["imageDetails"], "imageTags", request)
        if "imageIds" not in request:
            return cut(answer, "imageDetails", lambda one: one["imageDigest"], request, operation)
    if operation == "ListImages":
        answer["imageIds"] = wanted(answer["imageIds"], "imageTag", request)
        return cut(answer, "imageIds", lambda one: [one["imageDigest"], one.get("imageTag") or ""],
                   request, operation)
    if operation == "DescribeImageScanFindings":
        for member in ("findings", "enhancedFindings"):
            numbered = list(enumerate((answer.get("imageScanFindings") or {}).get(member) or []))
            if numbered:
                chosen, token = page(numbered, lambda one: one[0], request, operation)
                answer["imageScanFindings"][member] = [one for _, one in chosen]
                if token:
                    answer["nextToken"] = token
    return answer


def wanted(images: list[Request], tag_member: str, request: Request) -> list[Request]:
    """By tag and by status; without a status only what is active, which is
    everything, since nothing here is ever archived."""
    choice = request.get("filter", {})
    if choice.get("imageStatus", "ACTIVE") not in ("ACTIVE", "ANY"):
        return []
    status = choice.get("tagStatus", "ANY")
    return [one for one in images
            if status == "ANY" or bool(one.get(tag_member)) == (status == "TAGGED")]


def cut(answer: Request, member: str, key: Any, request: Request, operation: str) -> Request:
    """One list of the answer reduced to the page asked for."""
    answer[member], token = page(answer[member], key, request, operation)
    return answer | ({"nextToken": token} if token else {})
