"""What is in the logs at the highest level: never the key to the answer, and nothing of what the user wrote."""

from __future__ import annotations

from answer_bucket import Fault
from caller import Call, Caller
from cloud import Arrivals, Cloud
from launching import Launch
from runtime import Function
from trip import Trip

MARK = "m4rk3d-s3cr3t"
LOUD = {"LOG_LEVEL": "TRACE", "AWS_LAMBDA_LOG_LEVEL": "TRACE", "RUST_LOG": "trace", "RUST_BACKTRACE": "full"}


def silent(function: Function, *calls: Call) -> None:
    """Nothing that was printed gives anything away."""
    printed = function.printed()
    assert calls[0].event["RequestId"] in printed, "it logs nothing at all"
    for secret in [MARK, *(secret for call in calls for secret in call.ticket.secrets())]:
        assert secret not in printed


def marked(caller: Caller, *names: str, **more: str) -> Call:
    """A Create that holds a secret where users may put one."""
    return caller.create(*names, Tags={"note": f"{MARK}-tag"}, **more)


# Rows: 42, 43.
def test_success_and_refusal_give_nothing_away(launch: Launch, caller: Caller) -> None:
    """Also not the value of a property nobody knows, which may be meant for somebody else."""
    function = launch.alone(**LOUD)
    good, bad = marked(caller, "orders"), marked(caller, "orders", Password=f"{MARK}-unknown")
    gone = caller.delete("orders", Password=f"{MARK}-unknown")
    for call in (good, bad, gone):
        assert function.invoke(call.event).error_type == ""
    assert [call.ticket.answer()["Status"] for call in (good, bad, gone)] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert MARK not in bad.ticket.answer()["Reason"]
    silent(function, good, bad, gone)


# Rows: 43.
def test_a_panic_gives_nothing_away(launch: Launch, aws: Cloud, caller: Caller, wire: Trip) -> None:
    """Its backtrace and its message are printed by Rust itself."""
    function, call = launch.alone(**LOUD, **wire.variables), marked(caller, "orders")
    arrivals = Arrivals(aws, "CreateRepository")
    aws.inject("CreateRepository", delay_ms=300)
    running = function.begin(call.event)
    arrivals.wait()
    wire.arm("panic")
    running.wait()
    assert call.ticket.answer()["Status"] == "FAILED"
    assert "panicked at" in function.printed()
    silent(function, call)
    caller.settled(1)


# Rows: 43.
def test_an_answer_nobody_takes_gives_nothing_away(launch: Launch, caller: Caller) -> None:
    """The invocation's error is logged by the runtime and kept by Lambda."""
    function = launch.alone(**LOUD)
    lost, refused, astray = marked(caller, "orders"), marked(caller, "orders"), marked(caller, "orders")
    lost.ticket.fail_on(Fault(reset_before=True))
    refused.ticket.fail_on(Fault(status=403))
    astray.event["ResponseURL"] = f"http://127.0.0.1:9{astray.ticket.target}"
    for call in (lost, refused, astray):
        running = function.invoke(call.event, 4)
        assert running.error_type == "AnswerNotDelivered"
        assert not any(secret in running.error_message for secret in [MARK, *call.ticket.secrets()])
    silent(function, lost, refused, astray)
