"""Registry settings that moto does not have, kept as the service keeps them."""

from __future__ import annotations

import time
from typing import Any, Callable

from moto.ecr.models import ECRBackend

from . import lifecycle, policies, rules
from .errors import EcrError, invalid
from .paging import page

Request = dict[str, Any]
MAX_CACHE_RULES = 50
MAX_SIGNING_RULES = 10
# Names and legal values; the first value is the one to begin with.
ACCOUNT_SETTINGS = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "REGISTRY_POLICY_SCOPE": ("V2",),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}


def answer(operation: str, request: Request, backend: ECRBackend) -> Request | None:
    """The answer to an operation of this module, None for all others."""
    handler = HANDLERS.get(operation)
    if handler is None:
        return None
    return handler(request, backend, store(backend))


def store(backend: ECRBackend) -> dict[str, dict[str, Any]]:
    """Lives on moto's own state, so that moto's reset empties it too."""
    if not hasattr(backend, "steward_registry"):
        backend.steward_registry = {"settings": {}, "cache": {}, "templates": {}, "exclusions": {},
                                    "signing": {}}
    return backend.steward_registry


def get_setting(request: Request, _backend: ECRBackend, kept: dict) -> Request:
    """One account setting."""
    name = request["name"]
    if name not in ACCOUNT_SETTINGS:
        raise invalid("name", f"Member must satisfy enum value set: [{', '.join(ACCOUNT_SETTINGS)}]")
    return {"name": name, "value": kept["settings"].get(name, ACCOUNT_SETTINGS[name][0])}


def put_setting(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Only values the service still takes."""
    name, value = request["name"], request["value"]
    get_setting(request, backend, kept)
    if value not in ACCOUNT_SETTINGS[name]:
        raise invalid("value", f"Member must satisfy enum value set: [{', '.join(ACCOUNT_SETTINGS[name])}]")
    kept["settings"][name] = value
    return {"name": name, "value": value}


def create_cache_rule(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """A pull-through cache rule is known by its prefix."""
    prefix = request["ecrRepositoryPrefix"]
    if prefix in kept["cache"]:
        raise EcrError("PullThroughCacheRuleAlreadyExistsException",
                       f"A pull through cache rule with repository prefix '{prefix}' already exists "
                       f"in the registry with id '{backend.account_id}'")
    if len(kept["cache"]) >= MAX_CACHE_RULES:
        raise EcrError("LimitExceededException", f"The limit of {MAX_CACHE_RULES} rules is reached")
    now = time.time()
    kept["cache"][prefix] = {"registryId": backend.account_id} | request | {"createdAt": now,
                                                                              "updatedAt": now}
    return without(kept["cache"][prefix], "updatedAt")


def cache_rule(prefix: str, backend: ECRBackend, kept: dict) -> Request:
    """The rule, or its absence."""
    if prefix not in kept["cache"]:
        raise EcrError("PullThroughCacheRuleNotFoundException",
                       f"The pull through cache rule with repository prefix '{prefix}' does not exist "
                       f"in the registry with id '{backend.account_id}'")
    return kept["cache"][prefix]


def update_cache_rule(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Credentials and role are all that can change."""
    rule = cache_rule(request["ecrRepositoryPrefix"], backend, kept)
    rule.update(request, updatedAt=time.time())
    return without(rule, "createdAt", "upstreamRegistry", "upstreamRegistryUrl")


def delete_cache_rule(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """The rule goes, what it cached stays."""
    rule = cache_rule(request["ecrRepositoryPrefix"], backend, kept)
    return without(kept["cache"].pop(rule["ecrRepositoryPrefix"]), "updatedAt", "upstreamRegistry")


def describe_cache_rules(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """All, or those named."""
    names = request.get("ecrRepositoryPrefixes")
    chosen = [cache_rule(name, backend, kept) for name in names or kept["cache"]]
    return paged("pullThroughCacheRules", chosen, "ecrRepositoryPrefix", request, "DescribePullThroughCacheRules")


def check_template(request: Request, backend: ECRBackend) -> None:
    """What a template gives a repository has to be good for one."""
    rules.check_tags(request.get("resourceTags", []), {})
    rules.mutability(request, backend)
    if request.get("lifecyclePolicy"):
        lifecycle.accepted(request["lifecyclePolicy"])
    if request.get("repositoryPolicy"):
        policies.repository_policy(request["repositoryPolicy"])


def create_template(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """A creation template is known by its prefix."""
    check_template(request, backend)
    if request["prefix"] in kept["templates"]:
        raise EcrError("TemplateAlreadyExistsException",
                       f"The repository creation template with prefix '{request['prefix']}' already exists "
                       f"in the registry with id '{backend.account_id}'")
    now = time.time()
    defaults = {"imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}}
    kept["templates"][request["prefix"]] = defaults | request | {"createdAt": now, "updatedAt": now}
    return {"registryId": backend.account_id,
            "repositoryCreationTemplate": kept["templates"][request["prefix"]]}


def template(prefix: str, backend: ECRBackend, kept: dict) -> Request:
    """The template, or its absence."""
    if prefix not in kept["templates"]:
        raise EcrError("TemplateNotFoundException",
                       f"The repository creation template with prefix '{prefix}' does not exist "
                       f"in the registry with id '{backend.account_id}'")
    return kept["templates"][prefix]


def update_template(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Members not mentioned stay."""
    changed = template(request["prefix"], backend, kept) | request
    check_template({key: value for key, value in changed.items() if key not in ("createdAt", "updatedAt")},
                   backend)
    kept["templates"][request["prefix"]] = changed | {"updatedAt": time.time()}
    return {"registryId": backend.account_id,
            "repositoryCreationTemplate": kept["templates"][request["prefix"]]}


def delete_template(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Repositories it made stay as they are."""
    template(request["prefix"], backend, kept)
    return {"registryId": backend.account_id,
            "repositoryCreationTemplate": kept["templates"].pop(request["prefix"])}


def describe_templates(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """All, or those named."""
    chosen = [template(name, backend, kept) for name in request.get("prefixes") or kept["templates"]]
    return {"registryId": backend.account_id} | paged(
        "repositoryCreationTemplates", chosen, "prefix", request, "DescribeRepositoryCreationTemplates")


def register_exclusion(request: Request, _backend: ECRBackend, kept: dict) -> Request:
    """A principal whose pulls are not recorded."""
    principal = request["principalArn"]
    if principal in kept["exclusions"]:
        raise EcrError("ExclusionAlreadyExistsException", f"The exclusion '{principal}' already exists")
    kept["exclusions"][principal] = {"principalArn": principal, "createdAt": time.time()}
    return kept["exclusions"][principal]


def deregister_exclusion(request: Request, _backend: ECRBackend, kept: dict) -> Request:
    """And one whose pulls are, again."""
    if kept["exclusions"].pop(request["principalArn"], None) is None:
        raise EcrError("ExclusionNotFoundException", f"The exclusion '{request['principalArn']}' does not exist")
    return {"principalArn": request["principalArn"]}


def list_exclusions(request: Request, _backend: ECRBackend, kept: dict) -> Request:
    """Principals alone."""
    chosen, token = page(list(kept["exclusions"]), str, request, "ListPullTimeUpdateExclusions")
    return {"pullTimeUpdateExclusions": chosen} | ({"nextToken": token} if token else {})


def put_signing(request: Request, _backend: ECRBackend, kept: dict) -> Request:
    """Replaces the whole configuration."""
    if len(request["signingConfiguration"]["rules"]) > MAX_SIGNING_RULES:
        raise invalid("signingConfiguration.rules",
                      f"Member must have length less than or equal to {MAX_SIGNING_RULES}")
    kept["signing"] = request["signingConfiguration"]
    return {"signingConfiguration": kept["signing"]}


def get_signing(_request: Request, backend: ECRBackend, kept: dict) -> Request:
    """The configuration, or its absence."""
    if not kept["signing"]:
        raise EcrError("SigningConfigurationNotFoundException", "Signing configuration does not exist in the "
                       f"registry with id '{backend.account_id}'")
    return {"registryId": backend.account_id, "signingConfiguration": kept["signing"]}


def delete_signing(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Gives back what was deleted."""
    found = get_signing(request, backend, kept)
    kept["signing"] = {}
    return found


def paged(member: str, items: list[Request], key: str, request: Request, operation: str) -> Request:
    """A list in pages."""
    chosen, token = page(items, lambda one: one[key], request, operation)
    return {member: chosen} | ({"nextToken": token} if token else {})


def without(entry: Request, *members: str) -> Request:
    """A copy that leaves members out."""
    return {key: value for key, value in entry.items() if key not in members}


HANDLERS: dict[str, Callable[[Request, ECRBackend, dict], Request]] = {
    "GetAccountSetting": get_setting,
    "PutAccountSetting": put_setting,
    "CreatePullThroughCacheRule": create_cache_rule,
    "UpdatePullThroughCacheRule": update_cache_rule,
    "DeletePullThroughCacheRule": delete_cache_rule,
    "DescribePullThroughCacheRules": describe_cache_rules,
    "CreateRepositoryCreationTemplate": create_template,
    "UpdateRepositoryCreationTemplate": update_template,
    "DeleteRepositoryCreationTemplate": delete_template,
    "DescribeRepositoryCreationTemplates": describe_templates,
    "RegisterPullTimeUpdateExclusion": register_exclusion,
    "DeregisterPullTimeUpdateExclusion": deregister_exclusion,
    "ListPullTimeUpdateExclusions": list_exclusions,
    "PutSigningConfiguration": put_signing,
    "GetSigningConfiguration": get_signing,
    "DeleteSigningConfiguration": delete_signing,
}
