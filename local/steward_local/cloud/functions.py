"""Settings of functions that a template can have and MiniStack's CloudFormation passes over."""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

FUNCTION = "AWS::Lambda::Function"


def complete(name: str, properties: dict[str, Any]) -> None:
    """Each as its own API sets it; what is not in the template goes back to its default."""
    function = lambda_svc._functions.get(name)
    if function is None:
        return
    function["recursive_loop"] = properties.get("RecursiveLoop", "Terminate")
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)
    function["config"]["DeadLetterConfig"] = properties.get("DeadLetterConfig") or {}


def install() -> None:
    """After MiniStack has made or changed a function."""
    handler = provisioners._RESOURCE_HANDLERS[FUNCTION]
    plain_create, plain_update = handler["create"], handler["update"]

    def create(logical_id: str, properties: dict, *more: Any, **named: Any) -> tuple:
        made = plain_create(logical_id, properties, *more, **named)
        complete(made[0], properties)
        return made

    def update(physical_id: str, old: dict, new: dict, *more: Any, **named: Any) -> tuple:
        made = plain_update(physical_id, old, new, *more, **named)
        complete(made[0], new)
        return made

    handler["create"], handler["update"] = create, update
