"""The bucket itself: a good answer is taken, and each way of getting it wrong is refused and remembered."""

from __future__ import annotations

import http.client
import json
from typing import Any, Iterator

import pytest
from answer_bucket import AnswerBucket, Fault, Ticket

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/s/11111111-2222-3333-4444-555555555555"
GOOD = {"Status": "SUCCESS", "Reason": "done", "PhysicalResourceId": "id", "StackId": STACK, "RequestId": "r-1",
        "LogicalResourceId": "Fleet", "Data": {"Url.orders": "u"}}

BAD: dict[str, Any] = {
    "no JSON": b"{",
    "no object": b"[]",
    "not UTF-8": b'{"Status":"\xff"}',
    "a member twice": b'{"Status":"FAILED","Status":"SUCCESS"}',
    "null": GOOD | {"Reason": None},
    "null in data": GOOD | {"Data": {"Url": None}},
    "a number in data": GOOD | {"Data": {"Count": 3}},
    "a control character": GOOD | {"Reason": "a\u001bb"},
    "a control character in a name": GOOD | {"Data": {"a\nb": "c"}},
    "unknown status": GOOD | {"Status": "Failed"},
    "no reason": GOOD | {"Status": "FAILED", "Reason": ""},
    "no id": GOOD | {"PhysicalResourceId": ""},
    "a long id": GOOD | {"PhysicalResourceId": "ä" * 513},
    "another request": GOOD | {"RequestId": "r-2"},
    "another stack": GOOD | {"StackId": f"{STACK}6"},
    "unknown member": GOOD | {"NoEchoes": True},
    "too long": GOOD | {"Reason": "r" * 4096},
}


@pytest.fixture
def free() -> Iterator[AnswerBucket]:
    """A bucket that may be wronged."""
    bucket = AnswerBucket()
    yield bucket
    bucket.close()


@pytest.fixture
def ticket(free: AnswerBucket) -> Ticket:
    """A request to answer."""
    return free.ticket(STACK, "Fleet", "r-1")


def put(ticket: Ticket, answer: Any, method: str = "PUT", path: str = "", **headers: str) -> int:
    """What a client is told."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    connection = http.client.HTTPConnection(ticket.url.split("/")[2], timeout=5)
    try:
        connection.request(method, path or ticket.target, body, {name.replace("_", "-"): value
                                                                 for name, value in headers.items()})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_good_answer_is_taken(free: AnswerBucket, ticket: Ticket) -> None:
    assert put(ticket, GOOD, Content_Type="") == 200
    assert (ticket.answer(), ticket.statuses(), free.breaches) == (GOOD, [200], [])


def test_an_answer_of_exactly_the_greatest_length_is_taken(free: AnswerBucket, ticket: Ticket) -> None:
    room = 4096 - len(json.dumps(GOOD | {"Reason": ""}).encode())
    assert put(ticket, GOOD | {"Reason": "r" * room}) == 200
    assert len(ticket.stored) == 4096
    assert free.breaches == []


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_refused_and_remembered(free: AnswerBucket, ticket: Ticket, answer: Any) -> None:
    assert put(ticket, answer) == 400
    assert (ticket.stored, len(free.breaches)) == (None, 1)


@pytest.mark.parametrize("headers, status", [
    ({"Content_Type": "application/json"}, 403), ({"Transfer_Encoding": "chunked"}, 411)], ids=["type", "chunked"])
def test_a_header_s3_refuses_is_refused(free: AnswerBucket, ticket: Ticket, headers: dict, status: int) -> None:
    body = b"0\r\n\r\n" if "Transfer_Encoding" in headers else GOOD
    assert put(ticket, body, **headers) == status
    assert (ticket.stored, len(free.breaches)) == (None, 1)


def test_a_changed_url_is_refused(free: AnswerBucket, ticket: Ticket) -> None:
    assert put(ticket, GOOD, path=ticket.target.replace("%7C", "|")) == 403
    assert (ticket.stored, len(free.breaches)) == (None, 1)


def test_an_expired_url_is_refused(free: AnswerBucket) -> None:
    late = free.ticket(STACK, "Fleet", "r-1", lasts=-2)
    assert put(late, GOOD) == 403
    assert (late.stored, free.breaches) == (None, [])


def test_a_look_at_the_door_is_allowed_and_one_with_the_key_is_not(free: AnswerBucket, ticket: Ticket) -> None:
    assert put(ticket, b"", "HEAD", "/") == put(ticket, b"", "GET", "/") == 405
    assert ([knock.method for knock in free.knocks], free.breaches) == (["HEAD", "GET"], [])
    assert put(ticket, b"", "HEAD") == put(ticket, GOOD, "POST") == 405
    assert len(free.breaches) == 2


def test_a_second_answer_replaces_the_first_only_where_that_was_not_ruled_out(
        free: AnswerBucket, ticket: Ticket) -> None:
    other = GOOD | {"Reason": "other"}
    assert put(ticket, GOOD) == put(ticket, GOOD) == 200
    assert put(ticket, other, If_None_Match="*") == 412
    assert (ticket.answer(), free.breaches) == (GOOD, [])
    assert put(ticket, other) == 200
    assert (ticket.answer(), len(free.breaches)) == (other, 1)


def test_faults_come_one_by_one_and_an_outage_stays(free: AnswerBucket, ticket: Ticket) -> None:
    ticket.fail(Fault(status=503), Fault(reset_before=True), Fault(reset_after=True))
    ticket.fail_on(Fault(status=429))
    assert put(ticket, GOOD) == 503
    for stored in (None, GOOD):
        with pytest.raises(ConnectionError):
            put(ticket, GOOD)
        assert (ticket.answer() if ticket.stored else None) == stored
    assert put(ticket, GOOD) == put(ticket, GOOD) == 429
    ticket.heal()
    assert put(ticket, GOOD) == 200
    assert ticket.statuses() == [503, 0, 0, 429, 429, 200]
    assert free.breaches == []
