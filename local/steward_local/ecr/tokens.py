"""Authorization tokens: whose registry of which Region a docker client may talk to, and until when."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from moto.ecr.models import ECRBackend

# How long ECR's own last.
LIFETIME = 12 * 3600
USER = "AWS"


def issue(service: str, account: str, region: str) -> tuple[str, float]:
    """A token as docker takes it, user and password in one, and when it ends (seconds since 1970)."""
    ends = time.time() + LIFETIME
    told = json.dumps({"service": service, "account": account, "region": region, "ends": ends})
    password = base64.urlsafe_b64encode(told.encode()).decode()
    return base64.b64encode(f"{USER}:{password}".encode()).decode(), ends


def read(user: str, password: str) -> dict[str, Any] | None:
    """What a token was issued for; None for a forged or an old one."""
    try:
        told = json.loads(base64.urlsafe_b64decode(password))
        good = user == USER and told["ends"] > time.time() and bool(told["service"] and told["region"] and told["account"])
        return told if good else None
    except (ValueError, KeyError, TypeError):
        return None


def answer(operation: str, request: dict[str, Any], state: ECRBackend) -> dict[str, Any] | None:
    """A token for each registry named, with the address it has in AWS; None for all other operations."""
    if operation != "GetAuthorizationToken":
        return None
    region, entries = state.region_name, []
    for registry in request.get("registryIds") or [state.account_id]:
        token, ends = issue("ecr", registry, region)
        entries.append({"authorizationToken": token, "expiresAt": ends,
                        "proxyEndpoint": f"https://{registry}.dkr.ecr.{region}.amazonaws.com"})
    return {"authorizationData": entries}


def public(account: str) -> dict[str, Any]:
    """The answer of ECR Public."""
    token, ends = issue("ecr-public", account, "us-east-1")
    return {"authorizationData": {"authorizationToken": token, "expiresAt": ends}}
