"""The life of custom resources, brought closer to CloudFormation's."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource, handlers, stacks

from . import answers

# Set while a custom resource is being called, on the thread that calls it.
_calling = threading.local()
# Custom resources whose Create failed, by stack id and logical id.
_failed_creates: dict[tuple[str, str], dict[str, Any]] = {}


def invoke_asynchronously() -> None:
    """CloudFormation invokes functions asynchronously. Called in the foreground
    instead, a function that dies never reaches its on-failure destination, and
    nobody answers in its place."""
    foreground = lambda_svc._execute_function_with_config_scope

    def execute(function: dict, event: dict) -> dict:
        if getattr(_calling, "active", False):
            _calling.active = False
            _calling.token = answers.expect(event)
            lambda_svc.invoke_async_with_retry(function, event)
            return {}
        return foreground(function, event)

    lambda_svc._execute_function_with_config_scope = execute


def delete_after_failed_create() -> None:
    """A failed Create is followed by a Delete of the id it answered with."""
    plain_invoke = custom_resource.invoke_custom_resource
    plain_rollback = stacks._roll_back_operation

    def invoke(request_type: str, logical_id: str, props: dict, stack_name: str, stack_id: str,
               resource_type: str, physical_id: str | None = None,
               old_props: dict | None = None) -> tuple:
        _calling.active, _calling.token = True, ""
        try:
            return plain_invoke(request_type, logical_id, props, stack_name, stack_id,
                                resource_type, physical_id, old_props)
        except Exception:
            # Without a token the function was never called.
            if request_type == "Create" and _calling.token:
                _failed_creates[stack_id, logical_id] = {
                    "PhysicalResourceId": answers.physical_id(_calling.token) or str(uuid.uuid4()),
                    "ResourceType": resource_type,
                    "ResourceStatus": "CREATE_FAILED",
                    "LogicalResourceId": logical_id,
                    "Properties": props,
                    "Attributes": {},
                }
            raise
        finally:
            _calling.active = False

    async def roll_back(stack_name: str, stack_id: str, stack: dict, operation: dict,
                        reason_override: str = "") -> None:
        logical_id = operation.get("failed_logical_id")
        record = _failed_creates.pop((stack_id, logical_id), None)
        if record is not None:
            stack.setdefault("_resources", {})[logical_id] = record
            operation["created"] = [*operation.get("created", []), logical_id]
        await plain_rollback(stack_name, stack_id, stack, operation, reason_override)

    custom_resource.invoke_custom_resource = invoke
    stacks._roll_back_operation = roll_back
    handlers._roll_back_operation = roll_back


def show_clean_up() -> None:
    """An update deletes what it no longer needs while the stack says so. The
    outputs are resolved right before that, and at no other time."""
    plain = stacks._resolve_stack_outputs

    def resolve(outputs: dict, conditions: dict, resources: dict, parameters: dict,
                mappings: dict, stack_name: str, stack_id: str) -> tuple:
        resolved = plain(outputs, conditions, resources, parameters, mappings, stack_name, stack_id)
        from ministack.services.cloudformation import _stacks

        stack = _stacks.get(stack_name) or {}
        if stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
            stack["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            stacks._add_event(stack_id, stack_name, stack_name, "AWS::CloudFormation::Stack",
                              stack["StackStatus"], physical_id=stack_id)
        return resolved

    stacks._resolve_stack_outputs = resolve


def install() -> None:
    """All of it."""
    invoke_asynchronously()
    delete_after_failed_create()
    show_clean_up()
