"""Pull-through cache rules: which upstreams there are, and what each needs to be reached."""

from __future__ import annotations

import re
import time
from typing import Any, Callable

from moto.ecr.models import ECRBackend

from .errors import EcrError, invalid
from .paging import paged, without

Request = dict[str, Any]
MAX_CACHE_RULES = 50
# The kinds of upstreams and their addresses.
UPSTREAMS = {
    "ecr": r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?",
    "ecr-public": r"public\.ecr\.aws",
    "quay": r"quay\.io",
    "k8s": r"registry\.k8s\.io",
    "docker-hub": r"registry-1\.docker\.io",
    "github-container-registry": r"ghcr\.io",
    "gitlab-container-registry": r"registry\.gitlab\.com",
    "azure-container-registry": r"[a-zA-Z0-9-]{5,63}\.azurecr\.io",
    "chainguard": r"cgr\.dev",
}
SECRETIVE = ("docker-hub", "github-container-registry", "gitlab-container-registry", "azure-container-registry",
             "chainguard")
SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:(ecr-pullthroughcache/.+)")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/[\w+=,.@/-]+")
# Secrets live elsewhere. These names stand for those that are not there, and those that upstreams do not take.
MISSING_SECRET, WRONG_SECRET = "does-not-exist", "wrong"


def create(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """A rule is known by its prefix, to which a slash at the end adds nothing."""
    prefix = request["ecrRepositoryPrefix"]
    upstream = kind(request)
    check(upstream, request["upstreamRegistryUrl"], request, backend)
    if prefix.rstrip("/") in kept["cache"]:
        raise EcrError("PullThroughCacheRuleAlreadyExistsException",
                       f"A pull through cache rule with repository prefix '{prefix}' already exists "
                       f"in the registry with id '{backend.account_id}'")
    if len(kept["cache"]) >= MAX_CACHE_RULES:
        raise EcrError("LimitExceededException", f"The limit of {MAX_CACHE_RULES} rules is reached")
    now = time.time()
    rule = {"registryId": backend.account_id} | request | {
        "upstreamRegistry": upstream, "createdAt": now, "updatedAt": now}
    kept["cache"][prefix.rstrip("/")] = rule
    return without(rule, "updatedAt")


def kind(request: Request) -> str:
    """Of the upstream, which the address tells; a kind that is named has to be that one."""
    url = request["upstreamRegistryUrl"]
    found = next((name for name, pattern in UPSTREAMS.items() if re.fullmatch(pattern, url)), None)
    if found is None:
        raise EcrError("UnsupportedUpstreamRegistryException", f"The upstream registry '{url}' is not supported")
    if request.get("upstreamRegistry", found) != found:
        raise invalid("upstreamRegistryUrl", f"'{url}' is not an address of {request['upstreamRegistry']}")
    return found


def check(upstream: str, url: str, request: Request, backend: ECRBackend) -> None:
    """Credentials where the upstream asks for some, a role for another account's ECR, and neither mixed up."""
    secret, role = request.get("credentialArn"), request.get("customRoleArn")
    if upstream in SECRETIVE and not secret:
        raise invalid("credentialArn", f"{upstream} requires credentials")
    if secret:
        check_secret(upstream, secret, backend)
    if role and upstream != "ecr":
        raise invalid("customRoleArn", f"{upstream} takes no role")
    if upstream == "ecr":
        check_role(url, role, backend)
    if request["ecrRepositoryPrefix"] == "ROOT" and request.get("upstreamRepositoryPrefix", "ROOT") != "ROOT":
        raise invalid("upstreamRepositoryPrefix", "The prefix ROOT goes with the upstream prefix ROOT only")


def check_role(url: str, role: str | None, backend: ECRBackend) -> None:
    """Another Region's ECR, or with a role another account's."""
    account, _, _, region = url.split(".")[:4]
    if (account, region) == (backend.account_id, backend.region_name):
        raise invalid("upstreamRegistryUrl", "A registry cannot be its own upstream")
    if account != backend.account_id and not role:
        raise invalid("customRoleArn", "The ECR of another account requires a role")
    given = ROLE.fullmatch(role) if role else None
    if role and (given is None or given[1] != backend.account_id):
        raise invalid("customRoleArn", "The role has to be one of the registry's own account")


def check_secret(upstream: str, secret: str, backend: ECRBackend) -> None:
    """There, and in reach: of the same account and Region."""
    given = SECRET.fullmatch(secret)
    if upstream == "ecr" or given is None:
        raise invalid("credentialArn", f"{upstream} takes no such credentials")
    if (given[1], given[2]) != (backend.region_name, backend.account_id):
        raise EcrError("UnableToAccessSecretException",
                       "The secret has to be in the account and Region of the registry")
    if MISSING_SECRET in given[3]:
        raise EcrError("SecretNotFoundException", f"The secret '{secret}' does not exist")


def found(prefix: str, backend: ECRBackend, kept: dict) -> Request:
    """The rule, or its absence."""
    if prefix.rstrip("/") not in kept["cache"]:
        raise EcrError("PullThroughCacheRuleNotFoundException",
                       f"The pull through cache rule with repository prefix '{prefix}' does not exist "
                       f"in the registry with id '{backend.account_id}'")
    return kept["cache"][prefix.rstrip("/")]


def update(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Credentials and role are all that can change; the model has no other members."""
    rule = found(request["ecrRepositoryPrefix"], backend, kept)
    check(rule["upstreamRegistry"], rule["upstreamRegistryUrl"], rule | request, backend)
    rule.update(without(request, "ecrRepositoryPrefix"), updatedAt=time.time())
    return without(rule, "createdAt", "upstreamRegistry", "upstreamRegistryUrl")


def delete(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """The rule goes, what it cached stays."""
    rule = found(request["ecrRepositoryPrefix"], backend, kept)
    return without(kept["cache"].pop(rule["ecrRepositoryPrefix"].rstrip("/")), "updatedAt", "upstreamRegistry")


def describe(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """All, or those named."""
    names = request.get("ecrRepositoryPrefixes")
    chosen = [found(name, backend, kept) for name in names or kept["cache"]]
    return paged("pullThroughCacheRules", chosen, "ecrRepositoryPrefix", request, "DescribePullThroughCacheRules")


def validate(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Whether the upstream lets us in. Nobody is asked: it does, unless the name of the secret says otherwise."""
    rule = found(request["ecrRepositoryPrefix"], backend, kept)
    told = without(rule, "createdAt", "updatedAt", "upstreamRegistry")
    if WRONG_SECRET in rule.get("credentialArn", ""):
        return told | {"isValid": False, "failure": "The upstream registry refused the credentials of the secret"}
    return told | {"isValid": True}


HANDLERS: dict[str, Callable[[Request, ECRBackend, dict], Request]] = {
    "CreatePullThroughCacheRule": create,
    "UpdatePullThroughCacheRule": update,
    "DeletePullThroughCacheRule": delete,
    "DescribePullThroughCacheRules": describe,
    "ValidatePullThroughCacheRule": validate,
}
