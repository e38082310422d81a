"""The paths below /_steward/ with which tests look behind the service."""

from __future__ import annotations

import json
from typing import Any

from moto.ecr import models
from werkzeug.wrappers import Request, Response

from . import backend
from .journal import Fault, Journal


def answer(request: Request, journal: Journal) -> Response:
    """One request of a test."""
    route = (request.method, request.path.removeprefix("/_steward/"))
    if route == ("GET", "health"):
        return reply({"status": "ok"})
    if route == ("GET", "calls"):
        return reply(journal.calls())
    if route == ("GET", "refused"):
        return reply(journal.refusals())
    if route == ("DELETE", "calls"):
        journal.reset()
        return Response(status=204)
    if route == ("DELETE", "faults"):
        journal.clear_faults()
        return Response(status=204)
    try:
        if route == ("POST", "faults"):
            journal.inject(Fault.of(request.get_json(force=True)))
            return Response(status=204)
        if route == ("POST", "images"):
            age_image(request.get_json(force=True))
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
