"""Backfills: what replication does to images that are older than its rules. They take their time and copy nothing."""

from __future__ import annotations

import time
import uuid
from typing import Any, Callable

from moto.ecr.models import ECRBackend

from . import replication
from .errors import EcrError, invalid
from .paging import page, without

Request = dict[str, Any]
MAX_RUNNING = 10
# The service takes minutes.
PREPARING_SECONDS, WORKING_SECONDS = 0.5, 1.5
OVER = ("COMPLETE", "FAILED", "STOPPED")


def start(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """To a destination of the configuration, one at a time for each Region."""
    target = request["destination"]
    if not any(target in rule["destinations"] for rule in backend.replication_config["rules"]):
        raise invalid("destination", "The destination is not in the replication configuration of the registry")
    running = [one for one in kept["backfills"].values() if status(one) not in OVER]
    if any(one["destination"]["region"] == target["region"] for one in running):
        raise EcrError("ReplicationBackfillInProgressException",
                       f"A replication backfill to {target['region']} is already in progress")
    if len(running) >= MAX_RUNNING:
        raise EcrError("LimitExceededException", f"The limit of {MAX_RUNNING} backfills in progress is reached")
    identity = str(uuid.uuid4())
    kept["backfills"][identity] = {
        "replicationBackfillId": identity, "destination": target, "startedAt": time.time(),
        "copies": replication.copies(backend, target["region"], target["registryId"])}
    return head(kept["backfills"][identity], backend) | {"status": "PREPARING"}


def status(backfill: Request) -> str:
    """By the clock, unless it was stopped."""
    if "stoppedAt" in backfill:
        return "STOPPED"
    age = time.time() - backfill["startedAt"]
    if age < PREPARING_SECONDS:
        return "PREPARING"
    return "IN_PROGRESS" if age < PREPARING_SECONDS + WORKING_SECONDS else "COMPLETE"


def head(backfill: Request, backend: ECRBackend) -> Request:
    """What all answers about one begin with."""
    return {"registryId": backend.account_id, "status": status(backfill)} | without(backfill, "copies", "stoppedAt")


def summary(backfill: Request, backend: ECRBackend) -> Request:
    """With its progress once that is known, and its end."""
    told, total = head(backfill, backend), len(backfill["copies"])
    if told["status"] in ("IN_PROGRESS", "COMPLETE"):
        done = total if told["status"] == "COMPLETE" else 0
        told["progress"] = {"totalReplicationCount": total, "completedReplicationCount": done,
                            "failedReplicationCount": 0, "failureCodes": []}
    if told["status"] in OVER:
        told["endedAt"] = backfill.get("stoppedAt", backfill["startedAt"] + PREPARING_SECONDS + WORKING_SECONDS)
    return told


def found(request: Request, kept: dict) -> Request:
    """The backfill, or its absence."""
    identity = request["replicationBackfillId"]
    if identity not in kept["backfills"]:
        raise EcrError("ReplicationBackfillNotFoundException",
                       f"The replication backfill with id '{identity}' does not exist")
    return kept["backfills"][identity]


def stop(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Only what is still under way."""
    backfill = found(request, kept)
    if status(backfill) in OVER:
        raise EcrError("ReplicationBackfillInvalidStatusException",
                       f"The replication backfill is {status(backfill)} and cannot be stopped")
    backfill["stoppedAt"] = time.time()
    return head(backfill, backend)


def list_all(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """Of the registry."""
    cut, token = page(list(kept["backfills"].values()), lambda one: [one["startedAt"], one["replicationBackfillId"]],
                      {"maxResults": 25} | request, "ListReplicationBackfills")
    return {"registryId": backend.account_id, "backfills": [without(summary(one, backend), "registryId")
                                                           for one in cut]} | ({"nextToken": token} if token else {})


def describe(request: Request, backend: ECRBackend, kept: dict) -> Request:
    """With the results, copy by copy, once it is over."""
    backfill = found(request, kept)
    told = summary(backfill, backend)
    if told["status"] != "COMPLETE" or request.get("resultStatusFilter", "COMPLETE") != "COMPLETE":
        return told | {"results": []}
    cut, token = page([[name, digest, tag or ""] for name, digest, tag in backfill["copies"]], list, request,
                      "DescribeReplicationBackfillResults")
    return told | {"results": [
        {"repositoryName": name, "imageId": {"imageDigest": digest} | ({"imageTag": tag} if tag else {}),
         "status": "COMPLETE"} for name, digest, tag in cut]} | ({"nextToken": token} if token else {})


HANDLERS: dict[str, Callable[[Request, ECRBackend, dict], Request]] = {
    "StartReplicationBackfill": start,
    "StopReplicationBackfill": stop,
    "ListReplicationBackfills": list_all,
    "DescribeReplicationBackfillResults": describe,
}
