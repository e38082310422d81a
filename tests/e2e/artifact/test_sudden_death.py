"""A process that ends, or stands still, without a word: the responder answers in its place, once and in time.

The function can do nothing about these, so each test also proves that what it left half done is on record: the Delete
that CloudFormation sends after the failed Create removes all of it.
"""

from __future__ import annotations

import signal
import time

import pytest
from answer_bucket import AnswerBucket, Fault
from caller import Call, Caller
from cloud import EVERY, Arrivals, Cloud, until
from launching import Launch
from runtime import Function, Invocation
from trip import Trip

NAMES = ("orders", "carts", "customers", "stock")
LATE_MS = 800
IN_TIME = 10
SHORT = 4


def half_done(function: Function, aws: Cloud, caller: Caller, call: Call, seconds: float) -> Invocation:
    """Begins a Create of four, and returns when two are there and the others are being waited for in vain."""
    arrivals = Arrivals(aws, "CreateRepository")
    aws.inject("CreateRepository", "ServerException", after=2, times=9, delay_ms=LATE_MS, repository=caller.name("*"))
    running = function.begin(call.event, seconds)
    arrivals.wait(3)
    until(lambda: caller.count() == 2, "the first two repositories", every=EVERY)
    return running


def answered_for(running: Invocation, call: Call, caller: Caller, reported: str) -> None:
    """Exactly one answer, by the responder, with all that is known."""
    assert running.destination.error_type == ""
    assert [attempt.status for attempt in call.ticket.attempts] == [200]
    assert call.ticket.attempts[0].when - running.ended < IN_TIME
    answer = call.ticket.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
    assert reported in running.error_message
    assert reported in answer["Reason"]


def deleted(function: Function, aws: Cloud, caller: Caller, *names: str) -> None:
    """The rollback's Delete, which leaves nothing. It waits a part of its time for the other to notice."""
    aws.clear_faults()
    call = caller.delete(*names)
    assert function.invoke(call.event, SHORT).error_type == ""
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert caller.remains() == []


# Rows: 2.
@pytest.mark.parametrize("how, reported", [
    ("abort", "signal: aborted"), ("segv", "signal: segmentation fault"), ("kill", "signal: killed")])
def test_a_process_that_dies_halfway_is_answered_for_and_leaves_nothing_behind(
        launch: Launch, aws: Cloud, caller: Caller, wire: Trip, how: str, reported: str) -> None:
    """SIGKILL stands for the kernel short of memory, the others for native code that goes wrong."""
    function, call = launch.answered_for(**wire.variables), caller.create(*NAMES)
    running = half_done(function, aws, caller, call, 20)
    if how == "kill":
        running.sandbox.kill()
    else:
        wire.arm(how)
    running.wait()
    assert running.error_type == "Runtime.ExitError"
    answered_for(running, call, caller, reported)
    deleted(function, aws, caller, *NAMES)


# Rows: 15.
def test_a_delete_that_comes_at_once_waits_for_what_is_still_under_way(
        launch: Launch, aws: Cloud, caller: Caller) -> None:
    """ECR goes on with a call when its caller is dead. Made only after the Delete, a repository would be nobody's."""
    function, call = launch.answered_for(), caller.create("orders", "carts")
    arrivals = Arrivals(aws, "CreateRepository")
    aws.inject("CreateRepository", times=2, delay_ms=1500, repository=caller.name("*"))
    running = function.begin(call.event)
    arrivals.wait(2)
    running.sandbox.kill()
    running.wait()
    assert caller.count() == 0
    last = caller.delete("orders", "carts")
    assert function.invoke(last.event).error_type == ""
    assert last.ticket.answer()["Status"] == "SUCCESS"
    time.sleep(1.5)
    assert caller.remains() == []


def died_at(number: int, error: str, function: Function, aws: Cloud, caller: Caller) -> bool:
    """Lets it die while it waits for the call of ECR with this number; False where there are not so many calls."""
    call = caller.create("orders", "carts", PullPrincipals=["444455556666"])
    before = sum(aws.ecr_calls().values())
    aws.inject("*", error, after=number, times=99, delay_ms=300)
    running = function.begin(call.event)
    until(lambda: running.over or sum(aws.ecr_calls().values()) > before + number, "the call", every=0.01)
    died = not running.over
    if died:
        running.sandbox.kill()
        # What was under way comes to its end before CloudFormation has got to the Delete.
        time.sleep(0.4)
    running.wait()
    assert call.ticket.answer()["Status"] == ("FAILED" if died else "SUCCESS")
    return died


# Rows: 2, 18.
@pytest.mark.parametrize("error", ["ServerException", ""], ids=["the call fails", "the call is carried out"])
def test_whatever_call_of_ecr_it_dies_at_nothing_is_left_behind(
        launch: Launch, aws: Cloud, bucket: AnswerBucket, error: str) -> None:
    """At the first, at the second, and so on, until a Create gets through. Nobody heard what became of that call."""
    function = launch.answered_for()
    for number in range(40):
        caller = Caller(aws, bucket)
        try:
            died = died_at(number, error, function, aws, caller)
            deleted(function, aws, caller, "orders", "carts")
        finally:
            caller.end()
        if not died:
            break
    assert 6 <= number < 39


# Rows: 2.
def test_a_process_that_stands_still_is_ended_at_the_deadline_and_answered_for(
        launch: Launch, aws: Cloud, caller: Caller) -> None:
    """Not one of its threads runs, so not even a watchdog could answer."""
    function, call = launch.answered_for(), caller.create(*NAMES)
    running = half_done(function, aws, caller, call, 4)
    running.sandbox.signal(signal.SIGSTOP)
    running.wait()
    assert running.error_type == "Sandbox.Timedout"
    assert 4 <= running.ended - running.began < 5
    answered_for(running, call, caller, "Task timed out after 4.00 seconds")
    deleted(function, aws, caller, *NAMES)


# Rows: 41.
def test_a_process_that_dies_once_its_answer_was_taken_is_not_answered_for_again(
        launch: Launch, caller: Caller) -> None:
    """Nobody can know that the answer got through; the second one must not replace it."""
    function, call = launch.answered_for(), caller.create("orders")
    call.ticket.fail(Fault(slow=3))
    running = function.begin(call.event)
    until(lambda: call.ticket.stored, "the answer", every=EVERY)
    first = call.ticket.stored
    running.sandbox.kill()
    running.wait()
    assert (running.error_type, running.destination.error_type) == ("Runtime.ExitError", "")
    assert call.ticket.stored == first
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert call.ticket.attempts[-1].status == 412
    assert len(call.ticket.attempts) == 2


# Rows: 41.
def test_an_error_that_passes_is_no_reason_to_replace_the_first_answer(launch: Launch, caller: Caller) -> None:
    """S3 says 400 RequestTimeout of a connection that stalled. That is not the condition's fault: without it, the
    responder's FAILED would take the place of a SUCCESS that CloudFormation may have read."""
    function, call = launch.answered_for(), caller.create("orders")
    call.ticket.fail(Fault(slow=3), Fault(status=400, code="RequestTimeout"))
    running = function.begin(call.event)
    until(lambda: call.ticket.stored, "the answer", every=EVERY)
    running.sandbox.kill()
    running.wait()
    assert set(call.ticket.conditions()) == {"*"}
    assert call.ticket.answer()["Status"] == "SUCCESS"
