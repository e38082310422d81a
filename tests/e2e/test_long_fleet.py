"""Fleets that do not fit into one invocation: they go on through the queue, and each repository is written once.

What makes them too long is what does so on AWS: ECR takes only so many calls a second. What a request reads before its
first write has to fit into one invocation, so each gets as long as that takes here, and not as long as all of it does.
"""

from __future__ import annotations

from collections import Counter

import pytest
from cloud import Cloud
from machine import Machine
from stacks import Lab, Stack
from watch import Watch

MIB = 1024
# A quarter of what the template gives, in KiB.
MOST_MEMORY = 64 * MIB


def names(count: int) -> list[str]:
    """Short names of a fleet."""
    return [f"service-{number:04}" for number in range(count)]


def once(lab: Lab, count: int) -> Counter[str]:
    """Every repository of a fleet, once."""
    return Counter(lab.name(name) for name in names(count))


def went_on(seen: Watch, least: int) -> list[int]:
    """The request was answered with success after so many invocations, of which each but the last said how far it
    had come; what each of them did."""
    assert seen.answer()["Status"] == "SUCCESS"
    parts = seen.parts()
    assert len(parts) + 1 >= least
    assert [line["part"] for line in parts] == list(range(1, len(parts) + 1))
    assert all(line["done"] > 0 for line in parts)
    left = [line["left"] for line in parts]
    assert left == sorted(left, reverse=True) and left[-1] > 0
    return [line["done"] for line in parts]


def kept_secret(cloud: Cloud, stack: Stack) -> None:
    """No response URL of the stack stands in a log or in an object, or ever stood there."""
    tokens = [account["token"] for account in cloud.answers(stack.id)]
    groups = [cloud.resource(name) for name in ("CustomResourceLogGroup", "ResponderLogGroup")]
    logs = "\n".join(line for group in groups for line in cloud.printed(group))
    objects = b"\n".join(cloud.bodies(stack.guid))
    assert stack.id in logs and stack.id.encode() in objects
    assert [token for token in tokens if token in logs or token.encode() in objects] == []
    assert "/cfn-response/" not in logs and b"/cfn-response/" not in objects


# Rows: 51.
def test_a_fleet_is_made_changed_and_deleted_by_several_invocations_each(
        lab: Lab, cloud: Cloud, machine: Machine) -> None:
    count = 60
    stack = lab.stack()
    cloud.limit_ecr(20, burst=5)
    # 120 writes in runs of two and a half seconds.
    machine.limit_time(4)
    with Watch(cloud, machine, stack) as seen:
        stack.create({"Fleet": lab.fleet(*names(count))})
    went_on(seen, 3)
    assert seen.writes() == {"CreateRepository": once(lab, count), "PutLifecyclePolicy": once(lab, count)}
    assert len(cloud.urls(lab.project)) == count
    # 120 reads and 180 writes in runs of twelve seconds; six is what the reads take.
    machine.limit_time(20)
    with Watch(cloud, machine, stack) as seen:
        stack.update({"Fleet": lab.fleet(*names(count), MaxImageCount=3, ScanOnPush="false",
                                         ImageTagMutability="IMMUTABLE")})
    went_on(seen, 2)
    assert seen.writes() == {operation: once(lab, count) for operation in (
        "PutImageScanningConfiguration", "PutImageTagMutability", "PutLifecyclePolicy")}
    kept_secret(cloud, stack)
    # Runs of nine seconds: the reads take next to nothing, and the slow deletes fifteen seconds.
    cloud.free_ecr()
    cloud.inject("DeleteRepository", times=999, delay_ms=2000, repository=lab.name("*"))
    machine.limit_time(14)
    with Watch(cloud, machine, stack) as seen:
        stack.delete()
    went_on(seen, 2)
    assert seen.writes() == {"DeleteRepository": once(lab, count)}
    kept_secret(cloud, stack)
    cloud.free_ecr()
    assert lab.everything() == ({}, {})
    assert cloud.keys(f"ledgers/{stack.guid}") == []


@pytest.mark.long
def test_a_thousand_repositories_are_made_in_little_memory(lab: Lab, cloud: Cloud, machine: Machine) -> None:
    count = 1000
    stack = lab.stack()
    stack.patience = 3600
    cloud.limit_ecr(10, burst=10)
    machine.limit_time(60)
    with Watch(cloud, machine, stack) as seen:
        stack.create({"Fleet": lab.fleet(*names(count), ServiceTimeout=3600)})
    done, writes, (calls, throttled), (first, most) = went_on(seen, 3), seen.writes(), seen.calls(), seen.memory()
    each = {operation: sorted(set(times.values())) for operation, times in writes.items()}
    print(f"\n{count} repositories: {seen.seconds:.0f} s, {len(done) + 1} invocations, which did {done} and the rest; "
          f"{calls} calls of ECR, {throttled} throttled; writes of each repository: {each}; "
          f"peak memory {first / MIB:.1f} MiB after the first invocation, {most / MIB:.1f} MiB at the end")
    assert writes == {"CreateRepository": once(lab, count), "PutLifecyclePolicy": once(lab, count)}
    assert most <= MOST_MEMORY
    assert most <= 1.5 * first
    kept_secret(cloud, stack)
