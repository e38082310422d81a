"""Whether CloudFormation could use an answer. Knows the protocol, not MiniStack.

Where the real service says why it does not take an answer, this says the same.
Where it mishandles one without a word (a stack that hangs, or events nobody can
read), this refuses in words of its own, so that a test sees the defect.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator

MAX_ANSWER_BYTES = 4096
MAX_ID_BYTES = 1024
SAME_IDS = ("StackId", "RequestId", "LogicalResourceId")
# Tabs and line ends are text; everything else of the kind, and half a surrogate
# pair, cannot be carried by the XML of the events.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def flaw(body: bytes, request: dict[str, Any] | None) -> str:
    """What is wrong with an answer to this request, if known; empty when nothing is."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not answer:
        return "Invalid response object: it is not a JSON object."
    if len(body) > MAX_ANSWER_BYTES:
        return "Response object is too long."
    physical_id = answer.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not 0 < len(physical_id.encode(errors="replace")) <= MAX_ID_BYTES:
        return "Invalid PhysicalResourceId"
    problem = next(unreadable(answer), "") or misshapen(answer) or foreign(answer, request or {})
    return f"Invalid response object: {problem}." if problem else ""


def unreadable(value: Any, place: str = "") -> Iterator[str]:
    """Nulls and control characters, wherever they are."""
    if value is None:
        yield f"null at {place}"
    elif isinstance(value, str):
        found = CONTROL.search(value)
        if found:
            yield f"control character U+{ord(found[0]):04X} at {place}"
    elif isinstance(value, dict):
        for key, one in value.items():
            inner = f"{place}.{key}" if place else key
            if CONTROL.search(key):
                yield f"control character in a name at {place or 'the top'}"
            yield from unreadable(one, inner)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from unreadable(one, f"{place}[{index}]")


def misshapen(answer: dict[str, Any]) -> str:
    """Fields of another kind than the protocol's."""
    status = answer.get("Status")
    if status not in ("SUCCESS", "FAILED"):
        return "Status is neither SUCCESS nor FAILED"
    reason = answer.get("Reason", "")
    if not isinstance(reason, str):
        return "Reason is not a string"
    if status == "FAILED" and not reason.strip():
        return "FAILED without a Reason"
    if not isinstance(answer.get("Data", {}), dict):
        return "Data is not an object"
    return "" if isinstance(answer.get("NoEcho", False), bool) else "NoEcho is not a boolean"


def foreign(answer: dict[str, Any], request: dict[str, Any]) -> str:
    """Ids that are not the request's."""
    for name in SAME_IDS:
        if name in request and answer.get(name) != request[name]:
            return f"{name} is not that of the request"
    return ""


def refusal(problem: str) -> bytes:
    """The answer CloudFormation goes by in place of a flawed one."""
    return json.dumps({"Status": "FAILED", "Reason": problem}).encode()
