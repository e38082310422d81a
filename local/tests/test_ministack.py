"""Custom resources through MiniStack as `local/aws` runs it, with a function of
our own that answers, refuses or dies as its properties say."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import client
from own import create_function, function_arn, noted

# A bootstrap that speaks the runtime interface. It notes every request and the
# status of the stack at that time, and does what its properties ask for.
BOOTSTRAP = '''
from botocore.session import Session
while True:
    event, request = following()
    died = "requestPayload" in event
    event = event.get("requestPayload", event)
    mode = event["ResourceProperties"].get("Mode", "")
    stacks = Session().create_client("cloudformation")
    status = stacks.describe_stacks(StackName=event["StackId"])["Stacks"][0]["StackStatus"]
    seen = [event["RequestType"], event.get("PhysicalResourceId"), status, "responder" if died else mode]
    if mode == "die" and event["RequestType"] == "Create" and not died:
        os._exit(9)
    data = {"Big": "x" * 5000} if mode == "big" and event["RequestType"] == "Create" else {}
    failed = died or (mode in ("fail", "typed") and event["RequestType"] != "Delete")
    body = json.dumps({"Status": "FAILED" if failed else "SUCCESS", "Reason": "as asked",
        "PhysicalResourceId": "id-" + event["LogicalResourceId"], "StackId": event["StackId"],
        "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"], "Data": data}).encode()
    if mode == "typed" and event["RequestType"] != "Delete":
        seen.append(put(event["ResponseURL"], body, {"Content-Type": "application/json"}))
    note(seen)
    put(event["ResponseURL"], body, {"Content-Type": ""})
    settle(request, None)
'''


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the function writes what it was asked."""
    return tmp_path_factory.mktemp("notes") / "requests"


@pytest.fixture(scope="module")
def provider(ministack: str, notes: Path) -> None:
    """The function and, as the destination of its failures, a second one."""
    functions = client(ministack, "lambda")
    for name in ("provider", "responder"):
        create_function(functions, name, notes, BOOTSTRAP)
    functions.put_function_event_invoke_config(
        FunctionName="provider", MaximumRetryAttempts=0, DestinationConfig={
            "OnFailure": {"Destination": function_arn("responder")}})


@pytest.fixture
def stacks(ministack: str, provider: None, notes: Path) -> Any:
    """CloudFormation, and no notes from earlier tests."""
    notes.write_text("")
    return client(ministack, "cloudformation")


def template(*resources: tuple[str, str, str]) -> str:
    """Custom resources by logical id, mode and version."""
    token = function_arn("provider")
    built: dict[str, Any] = {}
    for name, mode, version in resources:
        built[name] = {"Type": "Custom::Thing", "Properties": {
            "ServiceToken": token, "ServiceTimeout": 20, "Mode": mode, "Version": version}}
        if len(built) > 1:
            built[name]["DependsOn"] = list(built)[-2]
    return json.dumps({"Resources": built})


def settled(stacks: Any, name: str) -> str:
    """The status in which an operation ends."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        status = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.1)
    return status


def test_a_failed_create_is_deleted_by_the_id_it_answered(stacks: Any, notes: Path) -> None:
    stacks.create_stack(StackName="failing", TemplateBody=template(("Good", "", "1"), ("Bad", "fail", "1")))
    assert settled(stacks, "failing") == "ROLLBACK_COMPLETE"
    assert noted(notes) == [
        ["Create", None, "CREATE_IN_PROGRESS", ""],
        ["Create", None, "CREATE_IN_PROGRESS", "fail"],
        ["Delete", "id-Bad", "ROLLBACK_IN_PROGRESS", "fail"],
        ["Delete", "id-Good", "ROLLBACK_IN_PROGRESS", ""]]


def test_a_function_that_dies_is_answered_for_by_its_destination(stacks: Any, notes: Path) -> None:
    begun = time.monotonic()
    stacks.create_stack(StackName="dying", TemplateBody=template(("Thing", "die", "1")))
    assert settled(stacks, "dying") == "ROLLBACK_COMPLETE"
    assert time.monotonic() - begun < 15
    assert noted(notes)[0] == ["Create", None, "CREATE_IN_PROGRESS", "responder"]


def test_an_answer_that_is_too_long_fails(stacks: Any, notes: Path) -> None:
    stacks.create_stack(StackName="long", TemplateBody=template(("Thing", "big", "1")))
    assert settled(stacks, "long") == "ROLLBACK_COMPLETE"
    reasons = [event.get("ResourceStatusReason", "")
               for event in stacks.describe_stack_events(StackName="long")["StackEvents"]]
    assert any("Response object is too long" in reason for reason in reasons)
    assert noted(notes)[-1][:2] == ["Delete", "id-Thing"]


def test_an_answer_with_a_content_type_does_not_fit_its_signature(stacks: Any, notes: Path) -> None:
    stacks.create_stack(StackName="typed", TemplateBody=template(("Thing", "typed", "1")))
    settled(stacks, "typed")
    assert noted(notes)[0][-1] == 403


def test_updates_clean_up_last_and_failures_go_back(stacks: Any, notes: Path) -> None:
    stacks.create_stack(StackName="life", TemplateBody=template(("A", "", "1"), ("B", "", "1")))
    assert settled(stacks, "life") == "CREATE_COMPLETE"
    notes.write_text("")
    stacks.update_stack(StackName="life", TemplateBody=template(("A", "", "2"), ("B", "fail", "2")))
    assert settled(stacks, "life") == "UPDATE_ROLLBACK_COMPLETE"
    assert [entry[:3] for entry in noted(notes)] == [
        ["Update", "id-A", "UPDATE_IN_PROGRESS"], ["Update", "id-B", "UPDATE_IN_PROGRESS"],
        ["Update", "id-A", "UPDATE_ROLLBACK_IN_PROGRESS"], ["Update", "id-B", "UPDATE_ROLLBACK_IN_PROGRESS"]]
    notes.write_text("")
    stacks.update_stack(StackName="life", TemplateBody=template(("A", "", "1")))
    assert settled(stacks, "life") == "UPDATE_COMPLETE"
    assert noted(notes) == [["Delete", "id-B", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""]]
