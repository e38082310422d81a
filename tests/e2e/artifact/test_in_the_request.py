"""What goes wrong inside the process while it serves a request: a panic, a loop that never ends, no more time."""

from __future__ import annotations

import time

import pytest
from caller import Call, Caller
from cloud import Arrivals, Cloud
from launching import Launch
from runtime import Function, Invocation
from trip import Trip

LATE_MS = 800


def stumbling(function: Function, aws: Cloud, call: Call, wire: Trip, how: str, seconds: float) -> Invocation:
    """Begins a Create, and lets the function stumble while it waits for ECR."""
    arrivals = Arrivals(aws, "CreateRepository")
    aws.inject("CreateRepository", times=2, delay_ms=LATE_MS)
    running = function.begin(call.event, seconds)
    arrivals.wait(2)
    wire.arm(how)
    return running


# Rows: 1, 42.
def test_a_panic_is_answered_and_the_same_process_serves_the_next_request(
        launch: Launch, aws: Cloud, caller: Caller, wire: Trip) -> None:
    """Unwinding works in the artifact, and nothing of the process is lost by it."""
    function, first = launch.alone(**wire.variables), caller.create("orders", "carts")
    running = stumbling(function, aws, first, wire, "panic", 20).wait()
    assert (running.error_type, wire.armed) == ("", False)
    answer = first.ticket.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
    assert answer["Reason"].startswith("ecr-steward failed internally (panic)")
    assert len(first.ticket.attempts) == 1
    caller.settled(2)
    second = caller.delete("orders", "carts")
    assert function.invoke(second.event).error_type == ""
    assert second.ticket.answer()["Status"] == "SUCCESS"
    assert caller.remains() == []
    assert len(function.sandboxes) == 1


# Rows: 6, 41.
def test_a_busy_loop_is_answered_before_the_deadline_and_the_process_replaces_itself(
        launch: Launch, responder: Function, aws: Cloud, caller: Caller, wire: Trip) -> None:
    """The executor's only thread is lost, so no timer of it can fire: a thread of its own must answer, and say the
    invocation is over. The process is good for nothing more and has to end before Lambda would hand it an event."""
    function, first = launch.answered_for(**wire.variables), caller.create("orders", "carts")
    running = stumbling(function, aws, first, wire, "spin", 12).wait()
    assert (running.error_type, running.error_message, running.destination) == ("", "", None)
    assert running.ended < running.began + 12
    answer = first.ticket.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
    assert running.sandbox.exited.wait(running.began + 12 - time.time()), "it is still there at the deadline"
    assert first.ticket.statuses() == [200]
    # Lambda calls an invocation done when the next event is asked for, and may hold this end against the function.
    running.failed("Runtime.ExitError", running.sandbox.how_it_ended())
    assert responder.invoke(running.record(function.arn)).error_type == ""
    assert (first.ticket.statuses(), first.ticket.answer()) == ([200, 412], answer)
    second = caller.delete("orders", "carts")
    assert function.invoke(second.event).error_type == ""
    assert second.ticket.answer()["Status"] == "SUCCESS"
    assert caller.remains() == []
    assert len(function.sandboxes) == 2


# Rows: 1, 6.
@pytest.mark.parametrize("how", ["panic", "spin", "abort"])
def test_a_stumble_before_the_request_is_even_read_is_answered_all_the_same(
        launch: Launch, caller: Caller, wire: Trip, how: str) -> None:
    """The deadline is looked at first, and no net may begin behind it. Who answers does not matter."""
    function, call = launch.answered_for(**wire.variables), caller.create("orders")
    function.invoke(caller.delete("orders").event)
    wire.arm(how)
    running = function.invoke(call.event, 4)
    assert not wire.armed
    assert call.ticket.statuses().count(200) == 1
    answer = call.ticket.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
    assert running.ended - running.began < 5
    assert caller.remains() == []
    again = caller.create("orders")
    assert function.invoke(again.event).error_type == ""
    assert again.ticket.answer()["Status"] == "SUCCESS"


# Rows: 5.
def test_a_service_that_does_not_answer_in_time_is_named_by_the_function_itself(
        launch: Launch, aws: Cloud, caller: Caller) -> None:
    """Well before the deadline, so that there is time for the answer to get through."""
    function, call = launch.alone(), caller.create("orders")
    aws.inject("CreateRepository", "ServerException", times=9, delay_ms=6000, repository=caller.name("*"))
    running = function.invoke(call.event, 5)
    assert running.error_type == ""
    assert running.ended - running.began < 4.5
    answer = call.ticket.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
    assert "ecr:CreateRepository" in answer["Reason"]
