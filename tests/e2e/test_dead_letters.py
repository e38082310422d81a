"""A request that goes on through the queue, and whose every further invocation dies: its message ends as a dead letter,
and the responder, which reads those, answers.
"""

from __future__ import annotations

from cloud import EVERY, Arrivals, Cloud, until
from machine import Machine
from stacks import Lab
from watch import GOES_ON

NAMES = [f"service-{number:02}" for number in range(40)]
# Longer than it takes to see that a message is being worked on, and shorter than anybody likes to wait.
HIDDEN_SECONDS = 3
LOOK = "DescribeRepositories"


# Rows: 2, 51.
def test_a_request_whose_every_further_run_dies_is_answered_by_the_responder(
        lab: Lab, cloud: Cloud, machine: Machine) -> None:
    stack, tries = lab.stack(), machine.most_receipts()
    machine.hide_messages(HIDDEN_SECONDS)
    machine.limit_time(4)
    # Eight at a time and two and a half seconds: some of the forty, and not all.
    cloud.inject("CreateRepository", times=999, delay_ms=700, repository=lab.name("*"))
    writes = Arrivals(cloud, "CreateRepository")
    stack.begin_create({"Fleet": lab.fleet(*NAMES)})
    writes.wait()
    # Whoever looks at the registry from now on is at work on the message, and waits for long enough to be killed.
    cloud.inject(LOOK, times=999, delay_ms=1000)
    for _ in range(tries):
        Arrivals(cloud, LOOK).wait()
        assert cloud.answers(stack.id)[0]["taken"] == 0
        machine.kill()
    cloud.clear_faults()
    made = lab.registry()
    until(lambda: cloud.answers(stack.id)[0]["taken"], "the responder's answer", 20, EVERY)
    stack.wait("ROLLBACK_COMPLETE")
    assert 0 < len(made) < len(NAMES)
    [goes_on] = [line for line in cloud.log(stack.id) if line["message"] == GOES_ON]
    assert goes_on["part"] == 1
    accounts = cloud.answers(stack.id)
    assert [(one["request"]["RequestType"], one["standing"]["Status"]) for one in accounts] == [
        ("Create", "FAILED"), ("Delete", "SUCCESS")]
    assert [(one["taken"], one["refused"]) for one in accounts] == [(1, 0), (1, 0)]
    assert stack.reason_of_failure().startswith("several invocations in a row ended before they could answer")
    assert lab.everything() == ({}, {})
    assert [machine.messages(queue) for queue in ("CustomResourceDeadLetter", "Unanswered")] == [0, 0]
