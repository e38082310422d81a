"""The paths below /_steward/ with which tests look behind the service.

    GET     health
    GET     calls, refused, throttled   counts by service and operation: all that came, what was answered with an
                                        error, what of that was over the limit
    GET     succeeded                   counts of ECR by operation and repository: what did its work
    DELETE  calls                       all counts from nought
    POST    faults   DELETE  faults     failures to come, see journal.Fault
    PUT     limits   DELETE  limits     {"calls_per_second": 10, "burst": 10}; POST does the same, GET tells
    POST    images                      another push time for an image
"""

from __future__ import annotations

import json
from typing import Any

from moto.ecr import models
from werkzeug.wrappers import Request, Response

from . import backend
from .journal import Fault, Journal
from .limits import Limits


def answer(request: Request, journal: Journal, limits: Limits) -> Response:
    """One request of a test."""
    method, path = request.method, request.path.removeprefix("/_steward/")
    shown = {"health": lambda: {"status": "ok"}, "calls": journal.calls, "refused": journal.refusals,
             "throttled": journal.throttles, "succeeded": lambda: journal.successes("ecr"), "limits": limits.shown}
    cleared = {"calls": journal.reset, "faults": journal.clear_faults, "limits": limits.clear}
    taken = {("POST", "faults"): lambda wish: journal.inject(Fault.of(wish)), ("POST", "images"): age_image,
             ("POST", "limits"): limits.set, ("PUT", "limits"): limits.set}
    try:
        if method == "GET" and path in shown:
            return reply(shown[path]())
        if method == "DELETE" and path in cleared:
            cleared[path]()
            return Response(status=204)
        if (method, path) in taken:
            taken[method, path](request.get_json(force=True))
            return Response(status=204)
    except (ValueError, KeyError) as problem:
        return reply({"message": str(problem)}, 400)
    return reply({"message": "no such control; see local/steward_local/ecr/control.py"}, 404)


def age_image(wish: dict[str, Any]) -> None:
    """Gives an image another time of its push (seconds since 1970)."""
    repository = backend.of(wish.get("region", "us-east-1")).repositories[wish["repositoryName"]]
    try:
        image = repository._get_image(None, wish["imageDigest"])
    except models.ImageNotFoundException:
        raise ValueError("no such image") from None
    image.image_pushed_at = float(wish["imagePushedAt"])


def reply(value: Any, status: int = 200) -> Response:
    """JSON."""
    return Response(json.dumps(value), status, content_type="application/json")
