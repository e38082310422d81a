"""The replication configuration, which moto keeps to one rule; nothing here is ever copied."""

from __future__ import annotations

import re
from typing import Any, Callable

from moto.ecr.models import ECRBackend

from .errors import invalid

Request = dict[str, Any]
MAX_RULES = 10
MAX_DESTINATIONS = 25
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")


def put(request: Request, backend: ECRBackend, _kept: dict) -> Request:
    """Rules and destinations are few, and none of them is this registry."""
    rules = request["replicationConfiguration"]["rules"]
    if len(rules) > MAX_RULES:
        raise refused(f"at most {MAX_RULES} rules are allowed")
    if not all(rule["destinations"] for rule in rules):
        raise refused("a rule has at least one destination")
    targets = {(entry["region"], entry["registryId"]) for rule in rules for entry in rule["destinations"]}
    if len(targets) > MAX_DESTINATIONS:
        raise refused(f"at most {MAX_DESTINATIONS} unique destinations are allowed")
    for region, _ in targets:
        if not REGION.fullmatch(region):
            raise refused(f"'{region}' is not a Region")
    if (backend.region_name, backend.account_id) in targets:
        raise refused("Replication destination cannot be the same as the source registry")
    backend.replication_config = request["replicationConfiguration"]
    return {"replicationConfiguration": backend.replication_config}


def refused(text: str) -> Exception:
    """All of it is about the one member."""
    return invalid("replicationConfiguration", text)


def describe(_request: Request, backend: ECRBackend, _kept: dict) -> Request:
    """Member by member as it was put; moto leaves out what its model does not know."""
    return {"registryId": backend.account_id, "replicationConfiguration": backend.replication_config}


def copies(backend: ECRBackend, region: str, registry: str) -> list[tuple[str, str, str | None]]:
    """What the rules would copy there: repository, digest and tag, one for each tag of an image."""
    found = set()
    for rule in backend.replication_config["rules"]:
        if {"region": region, "registryId": registry} not in rule["destinations"]:
            continue
        prefixes = tuple(entry["filter"] for entry in rule.get("repositoryFilters") or [{"filter": ""}])
        for name, repository in backend.repositories.items():
            if name.startswith(prefixes):
                found |= {(name, image.get_image_digest(), tag) for image in repository.images
                          for tag in image.image_tags or [None]}
    return sorted(found, key=lambda one: (one[0], one[1], one[2] or ""))


HANDLERS: dict[str, Callable[[Request, ECRBackend, dict], Request]] = {
    "PutReplicationConfiguration": put,
    "DescribeRegistry": describe,
}
