"""The way of an answer to CloudFormation's bucket, with all that a bucket and a network can do to it."""

from __future__ import annotations

import socket
from typing import Iterator

import pytest
from answer_bucket import AnswerBucket, Fault
from caller import Caller
from cloud import Cloud
from launching import Launch
from runtime import Function
from stranger import Stranger

FAULTS = {
    "503 twice": ([Fault(status=503)] * 2, 3),
    "429": ([Fault(status=429)], 2),
    "reset before the body": ([Fault(reset_before=True)], 2),
    "reset after the body": ([Fault(reset_after=True)], 2),
    "slow": ([Fault(slow=1.5)], 1),
}


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """Somebody who must never be spoken to."""
    stranger = Stranger()
    yield stranger
    stranger.close()


# Rows: 35.
@pytest.mark.parametrize("faults, attempts", FAULTS.values(), ids=FAULTS.keys())
def test_a_bucket_that_fails_for_a_moment_gets_the_answer_once(
        function: Function, caller: Caller, faults: list[Fault], attempts: int) -> None:
    """Each try carries the same body. Where the first was stored unheard of, the second finds it there."""
    call = caller.create("orders")
    call.ticket.fail(*faults)
    assert function.invoke(call.event).error_type == ""
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert len(call.ticket.attempts) == attempts
    assert {attempt.body for attempt in call.ticket.attempts if attempt.body} == {call.ticket.stored}


# Rows: 38.
def test_a_redirect_is_not_followed_and_the_answer_gets_through_all_the_same(
        launch: Launch, caller: Caller, stranger: Stranger) -> None:
    """S3 redirects for a while after a bucket was made. The URL is a secret: it is shown to nobody else. Who sends the
    answer after that, the function or the responder, does not matter."""
    function, call = launch.answered_for(), caller.create("orders")
    call.ticket.fail(Fault(status=307, code="TemporaryRedirect", location=f"{stranger.origin}{call.ticket.target}"))
    function.invoke(call.event)
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert call.ticket.statuses() == [307, 200]
    assert stranger.visits == 0


# Rows: 36.
def test_a_refusal_is_not_tried_again(function: Function, caller: Caller) -> None:
    """Nothing makes a signature good that was found bad, but the condition might have been what was disliked."""
    call = caller.create("orders")
    call.ticket.fail_on(Fault(status=403, code="SignatureDoesNotMatch"))
    assert function.invoke(call.event).error_type == "AnswerNotDelivered"
    assert call.ticket.statuses() == [403, 403]
    assert call.ticket.conditions() == ["*", None]


# Rows: 37.
def test_a_store_that_knows_no_conditions_is_answered_without(function: Function, caller: Caller) -> None:
    """A proxy or a copy of S3 may not have them; one answer is better than none."""
    call = caller.create("orders")
    call.ticket.fail(Fault(status=501, code="NotImplemented"))
    assert function.invoke(call.event).error_type == ""
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert call.ticket.conditions() == ["*", None]


# Rows: 36.
def test_an_expired_url_is_not_tried_again(function: Function, aws: Cloud, caller: Caller) -> None:
    """CloudFormation has given up long ago; there is nobody to hear of it, and nothing to be done for."""
    call = caller.create("orders", lasts=-60)
    function.invoke(call.event)
    assert call.ticket.stored is None
    assert len(call.ticket.attempts) <= 1


# Rows: 41.
def test_an_answer_is_only_stored_where_there_is_none(function: Function, caller: Caller) -> None:
    """Whoever comes second, the function or the responder, must not overwrite what CloudFormation may have read."""
    call = caller.create("orders")
    assert function.invoke(call.event).error_type == ""
    assert call.ticket.conditions() == ["*"]


# Rows: 35.
def test_an_answer_nobody_takes_is_handed_to_the_responder_byte_for_byte(
        launch: Launch, responder: Function, caller: Caller) -> None:
    """The work is done and its result is known; what is lost is only the way."""
    function, call = launch.alone(), caller.create("orders")
    call.ticket.fail_on(Fault(status=503))
    running = function.invoke(call.event, 4)
    assert running.error_type == "AnswerNotDelivered"
    assert running.ended - running.began < 4
    assert call.ticket.stored is None
    call.ticket.heal()
    assert responder.invoke(running.record(function.arn)).error_type == ""
    assert call.ticket.stored == running.error_message.encode()
    assert call.ticket.answer()["Status"] == "SUCCESS"


# Rows: 39.
def test_the_bucket_is_knocked_at_before_anything_is_made(
        function: Function, bucket: AnswerBucket, caller: Caller) -> None:
    """And without the key in the hand: a HEAD of the bucket's root."""
    call = caller.create("orders")
    function.invoke(call.event)
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert {knock.method for knock in bucket.knocks} == {"HEAD"}
    assert bucket.knocks[0].when < min(one["created"].timestamp() for one in caller.repositories().values())


# Rows: 39.
@pytest.mark.parametrize("how", ["refuses", "is silent"])
def test_nothing_is_made_while_nobody_can_be_told(function: Function, aws: Cloud, caller: Caller, how: str) -> None:
    """A stack that hears nothing for an hour is bad enough without repositories nobody knows of."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        if how == "is silent":
            # Takes connections, as a wrong route may, and says nothing on them.
            nobody.listen()
        call = caller.create("orders", url=f"http://127.0.0.1:{nobody.getsockname()[1]}/key?Signature=x")
        with aws.counting() as writes:
            running = function.invoke(call.event, 4)
    assert running.error_type == "AnswerNotDelivered"
    assert writes == {}
    assert caller.remains() == []


# Rows: 38.
def test_proxies_of_the_environment_are_not_used(launch: Launch, caller: Caller, stranger: Stranger) -> None:
    """A proxy would see the URL, and may not let it through."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    proxies = {name: stranger.origin for one in names for name in (one, one.lower())}
    function, call = launch.alone(**proxies), caller.create("orders")
    assert function.invoke(call.event).error_type == ""
    assert call.ticket.answer()["Status"] == "SUCCESS"
    assert stranger.visits == 0
