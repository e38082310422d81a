"""Little memory, and none: what a large fleet takes at most, and what becomes of a process that gets no more."""

from __future__ import annotations

from typing import Callable

from caller import Caller
from cloud import Arrivals, Cloud
from launching import Launch

MIB = 1 << 20
# A quarter of what the template gives.
TIGHT = 64 * MIB
FIFTY = [f"service-{number:02}" for number in range(50)]
# Enough to need memory for on hearing what there is of them.
MANY = [f"service-{number:03}" for number in range(400)]


# Rows: 3.
def test_fifty_repositories_fit_into_a_quarter_of_the_memory(
        launch: Launch, caller: Caller, record_property: Callable[[str, object], None]) -> None:
    """Private memory is limited from the start, so that not even a moment of more would pass unnoticed."""
    function, call = launch.alone(data_limit=TIGHT), caller.create(*FIFTY, PullPrincipals=["444455556666"])
    running = function.invoke(call.event, 60)
    assert (running.error_type, call.ticket.answer()["Status"]) == ("", "SUCCESS")
    assert caller.count() == len(FIFTY)
    peak = running.sandbox.status("VmHWM")
    record_property("peak_kib", peak)
    print(f"peak memory of a Create of {len(FIFTY)}: {peak / 1024:.1f} MiB")
    assert peak * 1024 < TIGHT


# Rows: 3.
def test_a_process_that_gets_no_more_memory_is_answered_for(launch: Launch, aws: Cloud, caller: Caller) -> None:
    """The limit falls below what it has while it waits: the next piece it asks for ends it, as Rust has it."""
    function, call = launch.answered_for(), caller.create(*MANY)
    arrivals = Arrivals(aws, "DescribeRepositories")
    aws.inject("DescribeRepositories", times=9, delay_ms=500)
    running = function.begin(call.event)
    arrivals.wait()
    running.sandbox.limit_data(MIB)
    running.wait()
    assert (running.error_type, running.destination.error_type) == ("Runtime.ExitError", "")
    assert "memory allocation of" in function.printed()
    assert [attempt.status for attempt in call.ticket.attempts] == [200]
    answer = call.ticket.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
    assert "signal: aborted" in answer["Reason"]
    assert caller.remains() == []
