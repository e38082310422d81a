"""A request that comes more than once: Lambda delivers at least once, and nobody may notice."""

from __future__ import annotations

import pytest
from caller import Call, Caller
from cloud import Cloud
from launching import Launch


def repeated(launch: Launch, aws: Cloud, caller: Caller, call: Call) -> None:
    """Once, again to the same process, and again to another one."""
    first, second = launch.alone(), launch.alone()
    assert first.invoke(call.event).error_type == ""
    before = caller.everything()
    with aws.counting() as writes:
        assert first.invoke(call.event).error_type == ""
        assert second.invoke(call.event).error_type == ""
    assert writes == {}
    assert caller.everything() == before
    assert len(call.ticket.attempts) == 3
    assert len({attempt.body for attempt in call.ticket.attempts}) == 1


# Rows: 14, 30, 58.
def test_a_create_that_comes_again_is_answered_the_same_and_writes_nothing(
        launch: Launch, aws: Cloud, caller: Caller) -> None:
    """The first time repositories were made, the second time there was nothing to do: the answer is the same."""
    call = caller.create("orders", "carts")
    repeated(launch, aws, caller, call)
    assert call.ticket.answer()["Status"] == "SUCCESS"


# Rows: 14.
def test_a_refused_create_that_comes_again_is_refused_the_same(launch: Launch, aws: Cloud, caller: Caller) -> None:
    """What is wrong with the properties does not depend on the world."""
    call = caller.create("orders", MaxImageCount=0)
    repeated(launch, aws, caller, call)
    assert call.ticket.answer()["Status"] == "FAILED"


# Rows: 14, 58.
def test_a_delete_that_comes_again_is_answered_the_same_and_writes_nothing(
        launch: Launch, aws: Cloud, caller: Caller) -> None:
    """The record of the resource is gone by then."""
    launch.alone().invoke(caller.create("orders", "carts").event)
    call = caller.delete("orders", "carts")
    repeated(launch, aws, caller, call)
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert caller.remains() == []
