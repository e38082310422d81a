"""A process that is killed while CloudFormation waits: the responder answers in its place, and the stack comes to rest.

No process of the function outlives the kill, so that the next request, which undoes or finishes what was left half
done, is served by a new one.
"""

from __future__ import annotations

import time

from cloud import EVERY, Arrivals, Cloud, until
from machine import Machine
from stacks import Lab, Stack

NAMES = ("orders", "carts", "customers", "stock")
LATE_MS = 800
IN_TIME = 10


def late_after(cloud: Cloud, lab: Lab, operation: str, count: int) -> Arrivals:
    """From now on so many calls of an operation work, and whoever waits for another waits for long and in vain."""
    cloud.inject(operation, "ServerException", after=count, times=99, delay_ms=LATE_MS, repository=lab.name("*"))
    return Arrivals(cloud, operation)


def killed(machine: Machine, cloud: Cloud, stack: Stack) -> None:
    """Ends every process of the function while one is at work, and sees that somebody answers, and in time."""
    number, at = len(cloud.answers(stack.id)), time.monotonic()
    machine.kill()
    until(lambda: cloud.answers(stack.id)[number - 1]["taken"], "an answer", 60, EVERY)
    taken = time.monotonic() - at
    assert taken < IN_TIME, f"answered {taken:.2f} s after the kill"
    print(f"answered {taken:.2f} s after the kill")
    cloud.clear_faults()


def answered(cloud: Cloud, stack: Stack, *kinds: str) -> list[dict]:
    """Every request of the stack was answered exactly once; the answers."""
    accounts = cloud.answers(stack.id)
    assert [one["request"]["RequestType"] for one in accounts] == list(kinds)
    assert [(one["taken"], one["refused"], one["differing"], one["flaw"]) for one in accounts] == [
        (1, 0, False, "")] * len(kinds)
    return [one["standing"] for one in accounts]


def names_the_death(reason: str) -> bool:
    """Does it tell what Lambda reported?"""
    return "Runtime.ExitError" in reason and "Runtime exited with error: signal: killed" in reason


# Rows: 2, 18.
def test_a_create_is_rolled_back_and_nothing_is_left(lab: Lab, cloud: Cloud, machine: Machine) -> None:
    stack, arrivals = lab.stack(), late_after(cloud, lab, "CreateRepository", 2)
    stack.begin_create({"Fleet": lab.fleet(*NAMES)})
    arrivals.wait(3)
    until(lambda: len(lab.registry()) == 2, "the first two repositories", every=EVERY)
    killed(machine, cloud, stack)
    stack.wait("ROLLBACK_COMPLETE")
    failed, deleted = answered(cloud, stack, "Create", "Delete")
    assert (failed["Status"], deleted["Status"]) == ("FAILED", "SUCCESS")
    assert names_the_death(stack.reason_of_failure()), stack.reason_of_failure()
    assert lab.everything() == ({}, {})
    assert cloud.keys(f"ledgers/{stack.guid}") == []
    assert cloud.keys(f"outputs/{stack.guid}") == []


# Rows: 2, 26.
def test_an_update_is_rolled_back_and_all_is_as_it_was(lab: Lab, cloud: Cloud, machine: Machine) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet(*NAMES, Tags={"team": "a"})})
    before = lab.everything()
    arrivals = late_after(cloud, lab, "PutLifecyclePolicy", 2)
    stack.begin_update({"Fleet": lab.fleet(*NAMES[1:], "added", MaxImageCount=3, Tags={"team": "b"})})
    arrivals.wait(3)
    killed(machine, cloud, stack)
    assert lab.everything() != before
    stack.wait("UPDATE_ROLLBACK_COMPLETE")
    answers = answered(cloud, stack, "Create", "Update", "Update")
    assert [answer["Status"] for answer in answers] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert names_the_death(stack.reason_of_failure()), stack.reason_of_failure()
    lab.returns_to(before)


# Rows: 2.
def test_a_delete_fails_and_the_next_one_finishes_it(lab: Lab, cloud: Cloud, machine: Machine) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet(*NAMES)})
    arrivals = late_after(cloud, lab, "DeleteRepository", 2)
    stack.begin_delete()
    arrivals.wait(3)
    until(lambda: len(lab.registry()) == 2, "the first two repositories gone", every=EVERY)
    killed(machine, cloud, stack)
    stack.wait("DELETE_FAILED")
    assert names_the_death(stack.reason_of_failure()), stack.reason_of_failure()
    assert len(lab.registry()) == 2
    stack.delete()
    answers = answered(cloud, stack, "Create", "Delete", "Delete")
    assert [answer["Status"] for answer in answers] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert lab.everything() == ({}, {})
