"""Creation templates: what a repository gets that ECR itself creates."""

from __future__ import annotations

import time
from typing import Any, Callable

from moto.ecr.models import ECRBackend

from . import lifecycle, policies, rules
from .errors import EcrError, invalid
from .paging import paged, without

Request = dict[str, Any]


def check(request: Request, backend: ECRBackend) -> None:
    """What a template gives a repository has to be good for one."""
    if not request.get("appliedFor"):
        raise invalid("appliedFor", "Member must have length greater than or equal to 1")
    if len(set(request["appliedFor"])) != len(request["appliedFor"]):
        raise invalid("appliedFor", "Member must be unique")
    rules.check_tags(request.get("resourceTags", []), {})
    rules.mutability(request, backend)
    encryption = request.get("encryptionConfiguration", {})
    if encryption.get("encryptionType") == "AES256" and encryption.get("kmsKey"):
        raise invalid("encryptionConfiguration.kmsKey", "kmsKey cannot be used with encryption type AES256")
    role = request.get("customRoleArn")
    if not role and (encryption.get("encryptionType", "AES256") != "AES256" or request.get("resourceTags")):
        raise invalid("customRoleArn", "A custom role is required for encryption with KMS and for resource tags")
    if role and f":iam::{backend.account_id}:role/" not in role:
        raise invalid("customRoleArn", "The role has to be one of the registry's own account")
    if request.get("lifecyclePolicy"):
        lifecycle.accepted(request["lifecyclePolicy"])
    if request.get("repositoryPolicy"):
        policies.repository_policy(request["repositoryPolicy"])


def create(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """A template is known by its prefix, to which a slash at the end adds nothing."""
    check(request, backend)
    key = request["prefix"].rstrip("/")
    if key in kept["templates"]:
        raise EcrError("TemplateAlreadyExistsException",
                       f"The repository creation template with prefix '{request['prefix']}' already exists "
                       f"in the registry with id '{backend.account_id}'")
    now = time.time()
    defaults = {"imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}}
    kept["templates"][key] = defaults | request | {"createdAt": now, "updatedAt": now}
    return {"registryId": backend.account_id, "repositoryCreationTemplate": kept["templates"][key]}


def found(prefix: str, backend: ECRBackend, kept: dict) -> Request:
    """The template, or its absence."""
    if prefix.rstrip("/") not in kept["templates"]:
        raise EcrError("TemplateNotFoundException",
                       f"The repository creation template with prefix '{prefix}' does not exist "
                       f"in the registry with id '{backend.account_id}'")
    return kept["templates"][prefix.rstrip("/")]


def update(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Members not mentioned stay."""
    changed = found(request["prefix"], backend, kept) | without(request, "prefix")
    check(without(changed, "createdAt", "updatedAt"), backend)
    kept["templates"][request["prefix"].rstrip("/")] = changed = changed | {"updatedAt": time.time()}
    return {"registryId": backend.account_id, "repositoryCreationTemplate": changed}


def delete(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Repositories it made stay as they are."""
    gone = found(request["prefix"], backend, kept)
    del kept["templates"][gone["prefix"].rstrip("/")]
    return {"registryId": backend.account_id, "repositoryCreationTemplate": gone}


def describe(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """All, or those named."""
    names = request.get("prefixes")
    chosen = [found(name, backend, kept) for name in names or kept["templates"]]
    return {"registryId": backend.account_id} | paged(
        "repositoryCreationTemplates", chosen, "prefix", request, "DescribeRepositoryCreationTemplates")


HANDLERS: dict[str, Callable[[Request, ECRBackend, dict], Request]] = {
    "CreateRepositoryCreationTemplate": create,
    "UpdateRepositoryCreationTemplate": update,
    "DeleteRepositoryCreationTemplate": delete,
    "DescribeRepositoryCreationTemplates": describe,
}
