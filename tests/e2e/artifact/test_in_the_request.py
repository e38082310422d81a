"""What goes wrong inside the process while it serves a request: a panic, and a loop that never ends."""

from __future__ import annotations

import time

from caller import Arrivals, Call, Caller
from cloud import Cloud
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
    assert caller.everything() == ({}, {})
    assert len(function.sandboxes) == 1


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
    # Lambda waits for the next request for an event before it calls an invocation done, and may hold the end against it.
    running.failed("Runtime.ExitError", running.sandbox.how_it_ended())
    assert responder.invoke(running.record(function.arn)).error_type == ""
    assert (first.ticket.statuses(), first.ticket.answer()) == ([200, 412], answer)
    second = caller.delete("orders", "carts")
    assert function.invoke(second.event).error_type == ""
    assert second.ticket.answer()["Status"] == "SUCCESS"
    assert caller.everything() == ({}, {})
    assert len(function.sandboxes) == 2
