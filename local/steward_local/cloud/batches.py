"""What a partial batch response means. Knows Lambda's contract, not MiniStack."""

from __future__ import annotations

import json
from typing import Any


def left(ids: list[str], response: Any) -> set[str]:
    """The messages that stay in the queue: the whole batch where the response makes
    no sense, as on AWS. MiniStack itself would delete what it cannot find named."""
    if isinstance(response, str) and response:
        try:
            response = json.loads(response)
        except ValueError:
            return set(ids)
    if not response:
        return set()
    if not isinstance(response, dict):
        return set(ids)
    failures = response.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return set(ids)
    named = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    return set(ids) if any(one not in ids for one in named) else set(named)
