"""Cuts long answers into pages, with tokens that outlive deletions in between."""

from __future__ import annotations

import base64
import json
from typing import Any, Callable

from .errors import invalid

DEFAULT_SIZE = 100


def page(items: list[Any], key: Callable[[Any], Any], request: dict[str, Any],
         operation: str) -> tuple[list[Any], str | None]:
    """The page a request asks for and the token of the next one. The key has
    to be of JSON values, so that the token can hold the last one seen."""
    ordered = sorted(items, key=key)
    if "nextToken" in request:
        last = last_seen(request["nextToken"], operation)
        ordered = [item for item in ordered if key(item) > last]
    size = request.get("maxResults", DEFAULT_SIZE)
    token = None
    if len(ordered) > size:
        seen = json.dumps([operation, key(ordered[size - 1])])
        token = base64.urlsafe_b64encode(seen.encode()).decode()
    return ordered[:size], token


def paged(member: str, items: list[Any], key: str, request: dict[str, Any], operation: str) -> dict[str, Any]:
    """An answer that is a list in pages, ordered by one of its members."""
    chosen, token = page(items, lambda one: one[key], request, operation)
    return {member: chosen} | ({"nextToken": token} if token else {})


def without(entry: dict[str, Any], *members: str) -> dict[str, Any]:
    """A copy that leaves members out."""
    return {key: value for key, value in entry.items() if key not in members}


def last_seen(token: str, operation: str) -> Any:
    """What a token of this operation holds."""
    try:
        made_by, last = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        made_by, last = "", None
    if made_by != operation:
        raise invalid("nextToken", "Invalid token")
    return last
