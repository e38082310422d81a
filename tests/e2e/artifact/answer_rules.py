"""What CloudFormation wants of an answer (User Guide, "Custom resource response objects"), and what it chokes on."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Iterator

MAX_ANSWER_BYTES = 4096
MAX_ID_BYTES = 1024
MEMBERS = {"Status", "Reason", "PhysicalResourceId", "StackId", "RequestId", "LogicalResourceId", "NoEcho", "Data"}

# Stack id, logical id, request id: what an answer copies byte for byte.
Ids = tuple[str, str, str]


def parsed(body: bytes) -> dict[str, Any]:
    """An answer as an object. Raises ValueError where it is none, or has a member twice."""
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(names) != len(set(names)):
            raise ValueError(f"a member is there twice: {names}")
        return dict(pairs)

    answer = json.loads(body.decode("utf-8"), object_pairs_hook=once)
    if not isinstance(answer, dict):
        raise ValueError("it is no object")
    return answer


def flaws(body: bytes, ids: Ids) -> list[str]:
    """Everything that is wrong with an answer to the request with these ids."""
    found = []
    if len(body) > MAX_ANSWER_BYTES:
        found.append(f"{len(body)} bytes; CloudFormation reads {MAX_ANSWER_BYTES}")
    try:
        answer = parsed(body)
    except ValueError as problem:
        return [*found, f"no JSON object: {problem}"]
    found += [f"the member {name} is unknown" for name in answer.keys() - MEMBERS]
    found += flaws_of_values(answer)
    if answer.get("Status") not in ("SUCCESS", "FAILED"):
        found.append(f"the Status {answer.get('Status')!r}")
    if answer.get("Status") == "FAILED" and not answer.get("Reason"):
        found.append("FAILED without a Reason")
    physical_id = answer.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not 0 < len(physical_id.encode()) <= MAX_ID_BYTES:
        found.append(f"the PhysicalResourceId {physical_id!r}")
    if (answer.get("StackId"), answer.get("LogicalResourceId"), answer.get("RequestId")) != ids:
        found.append("ids of another request")
    return found


def flaws_of_values(answer: dict[str, Any]) -> Iterator[str]:
    """Nulls void an answer; control characters make a stack's events unreadable."""
    for path, value in leaves(answer, ""):
        if value is None:
            yield f"null in {path}"
        if isinstance(value, str) and any(unicodedata.category(character) == "Cc" for character in value):
            yield f"a control character in {path}"
        if path.startswith("Data.") and not isinstance(value, str):
            yield f"{path} is no text"


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value that holds no other, and every name, with the way to it."""
    if isinstance(value, dict):
        for name, one in value.items():
            inner = f"{path}.{name}" if path else name
            yield f"the name {inner!r}", name
            yield from leaves(one, inner)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from leaves(one, f"{path}[{index}]")
    else:
        yield path, value
