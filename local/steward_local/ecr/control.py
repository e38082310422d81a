"""The paths below /_steward/ with which tests look behind the services.

    GET     health
    GET     calls, refused, throttled   counts by service and operation: all that came, what was answered with an
                                        error, what of that was over the limit
    GET     succeeded                   counts by operation and repository: what did its work; of ECR, or of another
                                        ?service=
    GET     sizes                       by service and operation what each call brought: items (members of its
                                        lists, of BatchImportFindings the findings), bytes of its body, and the
                                        status of the answer
    DELETE  calls                       all counts from nought, and no sizes
    POST    faults   DELETE  faults     failures to come, see journal.Fault
    PUT     limits   DELETE  limits     {"calls_per_second": 10, "burst": 10, "service": "ecr"}; POST does the same,
                                        GET tells
    POST    images                      another push time for an image
    PUT     scans    DELETE  scans      what a scan found, see scans.set_scan; without a body all scans go
    PUT     previews DELETE  previews   {"seconds": 0.3, "status": "COMPLETE"}: how long previews of lifecycle policies
                                        take that begin from now on, and how they end
    GET     hub                         ?region=: is Security Hub enabled, its findings by id, and the ids of imports
                                        that were ignored for their UpdatedAt
    PUT     hub      DELETE  hub        {"enabled": true, "region": "us-east-1"}; DELETE forgets findings
    POST    poisons  DELETE  poisons    {"contains": "CVE-2026-0001", "message": "..."}: findings that are refused;
                                        GET tells
"""

from __future__ import annotations

import json
from typing import Any, Callable

from moto.ecr import models
from werkzeug.wrappers import Request, Response

from ..hub import store
from . import backend, previews, scans
from .journal import Fault, Journal
from .limits import Limits


def answer(request: Request, journal: Journal, limits: Limits) -> Response:
    """One request of a test."""
    method, path = request.method, request.path.removeprefix("/_steward/")
    shown: dict[str, Callable[[], Any]] = {
        "health": lambda: {"status": "ok"}, "calls": journal.calls, "refused": journal.refusals,
        "throttled": journal.throttles, "limits": limits.shown,
        "succeeded": lambda: journal.successes(request.args.get("service", "ecr")),
        "sizes": journal.sizes, "poisons": store.poisons.shown,
        "hub": lambda: show_hub(request.args.get("region", "us-east-1"))}
    cleared: dict[str, Callable[[], None]] = {
        "calls": journal.reset, "faults": journal.clear_faults, "limits": limits.clear,
        "poisons": store.poisons.clear, "previews": previews.clear, "scans": lambda: scans.clear(wished(request)),
        "hub": lambda: store.forget((wished(request) or {}).get("region", "us-east-1"))}
    taken: dict[tuple[str, str], Callable[[Any], None]] = {
        ("POST", "faults"): lambda wish: journal.inject(Fault.of(wish)), ("POST", "images"): age_image,
        ("POST", "limits"): limits.set, ("PUT", "limits"): limits.set, ("PUT", "scans"): scans.set_scan,
        ("PUT", "previews"): previews.set_wish,
        ("PUT", "hub"): set_hub, ("POST", "poisons"): store.poisons.add}
    try:
        if method == "GET" and path in shown:
            return reply(shown[path]())
        if method == "DELETE" and path in cleared:
            cleared[path]()
            return Response(status=204)
        if (method, path) in taken:
            taken[method, path](request.get_json(force=True))
            return Response(status=204)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        return reply({"message": f"{type(problem).__name__}: {problem}"}, 400)
    return reply({"message": "no such control; see local/steward_local/ecr/control.py"}, 404)


def wished(request: Request) -> Any:
    """The JSON of a request that may have none."""
    return request.get_json(force=True) if request.get_data() else None


def age_image(wish: dict[str, Any]) -> None:
    """Gives an image another time of its push (seconds since 1970)."""
    repository = backend.of(wish.get("region", "us-east-1")).repositories[wish["repositoryName"]]
    try:
        image = repository._get_image(None, wish["imageDigest"])
    except models.ImageNotFoundException:
        raise ValueError("no such image") from None
    image.image_pushed_at = float(wish["imagePushedAt"])


def set_hub(wish: dict[str, Any]) -> None:
    """Security Hub of a Region on or off, whatever it was. Findings stay."""
    state = store.hub(wish.get("region", "us-east-1"))
    if not isinstance(wish["enabled"], bool):
        raise ValueError("enabled is true or false")
    if wish["enabled"]:
        state.enable_security_hub()
    else:
        state.enabled, state.enabled_at = False, None


def show_hub(region: str) -> dict[str, Any]:
    """Everything of a Region."""
    kept = store.of(region)
    return {"enabled": store.hub(region).enabled, "findings": kept.findings, "ignored": kept.ignored}


def reply(value: Any, status: int = 200) -> Response:
    """JSON."""
    return Response(json.dumps(value), status, content_type="application/json")
