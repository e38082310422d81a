"""Registry settings that moto does not have, kept as the service keeps them."""

from __future__ import annotations

import time
from typing import Any, Callable

from moto.ecr.models import ECRBackend

from . import backfills, caches, replication, templates
from .errors import EcrError, invalid
from .paging import page

Request = dict[str, Any]
MAX_SIGNING_RULES = 10
MAX_EXCLUSIONS = 100
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
                                    "signing": {}, "backfills": {}}
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


def register_exclusion(request: Request, _backend: ECRBackend, kept: dict) -> Request:
    """A principal whose pulls are not recorded."""
    principal = request["principalArn"]
    if principal in kept["exclusions"]:
        raise EcrError("ExclusionAlreadyExistsException", f"The exclusion '{principal}' already exists")
    if len(kept["exclusions"]) >= MAX_EXCLUSIONS:
        raise EcrError("LimitExceededException", f"The limit of {MAX_EXCLUSIONS} exclusions is reached")
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


HANDLERS: dict[str, Callable[[Request, ECRBackend, dict], Request]] = {
    "GetAccountSetting": get_setting,
    "PutAccountSetting": put_setting,
    "RegisterPullTimeUpdateExclusion": register_exclusion,
    "DeregisterPullTimeUpdateExclusion": deregister_exclusion,
    "ListPullTimeUpdateExclusions": list_exclusions,
    "PutSigningConfiguration": put_signing,
    "GetSigningConfiguration": get_signing,
    "DeleteSigningConfiguration": delete_signing,
    **caches.HANDLERS,
    **templates.HANDLERS,
    **replication.HANDLERS,
    **backfills.HANDLERS,
}
