"""Sweeps: everything is looked at, and the report says how it stands."""

from __future__ import annotations

import csv
import io
from typing import Any

from by_hand import careless
from cloud import EVERY, Cloud, until
from machine import Machine
from oversight import Oversight, checks, line, rule
from scanned import scheduled
from stacks import Lab, Stack
from test_by_hand import REQUIRED

# What differs from one run to the next over a world that does not change.
OF_A_RUN = ("run", "sinceLast")
HIDDEN_SECONDS = 15


def lasting(report: dict[str, Any]) -> dict[str, Any]:
    """All that does not."""
    return {name: value for name, value in report.items() if name not in OF_A_RUN}


def test_a_sweep_mends_and_reports_and_the_next_finds_nothing_to_do(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    names = [lab.name(f"loose-{number}") for number in range(3)]
    for name in names:
        careless(cloud, name)
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    first = oversight.sweep()
    for name in names:
        found = checks(first, name)
        assert {one["status"] for one in found.values()} == {"pass"}, found
        assert {one["action"] for one in found.values()} == {"mended"}, found
        assert lab.registry()[name]["mutability"] == "IMMUTABLE"
    with cloud.counting() as writes:
        second = oversight.sweep()
    assert writes == {}
    assert all(set(line(second, name)["passed"]["everything"]) == set(REQUIRED) for name in names)
    assert second["sinceLast"]["previous"] == first["run"]["started"]
    assert second["sinceLast"]["newlyFailing"]["count"] == 0


def test_two_sweeps_of_a_world_that_does_not_change_say_the_same(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("api")})
    careless(cloud, lab.name("loose"))
    oversight.baseline(baselines, rule(lab.project, **REQUIRED))
    with cloud.counting() as writes:
        first, second = oversight.sweep(), oversight.sweep()
    assert writes == {}
    assert first["run"]["sweep"] != second["run"]["sweep"]
    assert lasting(first) == lasting(second)
    rows = list(csv.DictReader(io.StringIO(oversight.document("csv"))))
    assert {lab.name("api"), lab.name("loose")} <= {value for row in rows for value in row.values()}
    page = oversight.document("html")
    assert page.lower().startswith("<!doctype html>") and lab.name("loose") in page
    # Dated copies stay.
    copies = [key for key in cloud.keys("reports/") if "/latest" not in key]
    for report in (first, second):
        assert {key.rpartition(".")[2] for key in copies if report["run"]["sweep"] in key} == {"json", "csv", "html"}


def test_a_scheduled_event_that_comes_twice_is_one_sweep(lab: Lab, cloud: Cloud, oversight: Oversight) -> None:
    event = scheduled()
    oversight.send(event, event)
    oversight.settle(120)
    oversight.send(event)
    oversight.settle(120)
    sweeps = {key.rpartition("/")[2].rpartition(".")[0] for key in cloud.keys("reports/") if "/latest" not in key}
    assert len(sweeps) == 1, sweeps
    assert oversight.letters() == []


def test_a_change_no_event_announced_is_noticed_and_the_trail_is_asked_for(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    ecr = cloud.client("ecr")
    for short in ("heard", "silent"):
        careless(cloud, lab.name(short))
    oversight.baseline(baselines, rule(lab.project, **REQUIRED))
    oversight.sweep()
    for short in ("heard", "silent"):
        ecr.put_image_tag_mutability(repositoryName=lab.name(short), imageTagMutability="IMMUTABLE")
    oversight.hear(oversight.call("PutImageTagMutability", lab.name("heard")))
    since = oversight.sweep()["sinceLast"]
    assert since["changedUnannounced"] == {"count": 1, "listed": [lab.name("silent")]}
    assert "CloudTrail" in since["note"]


def test_a_worker_that_is_killed_costs_no_repository(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack, watcher: Machine) -> None:
    names = [lab.name(f"loose-{number}") for number in range(8)]
    for name in names:
        careless(cloud, name)
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    watcher.hide_messages(HIDDEN_SECONDS)
    before = cloud.ecr_calls().get("PutImageTagMutability", 0)
    cloud.inject("PutImageTagMutability", delay_ms=1_500, times=8)
    oversight.send(scheduled())
    until(lambda: cloud.ecr_calls().get("PutImageTagMutability", 0) > before, "the first write", 60, EVERY)
    watcher.kill()
    cloud.clear_faults()
    oversight.settle(180)
    report = oversight.report()
    assert {one["name"] for one in report["repositories"]} >= set(names)
    registry = lab.registry()
    assert all(registry[name]["mutability"] == "IMMUTABLE" and registry[name]["lifecycle"] for name in names)
    # What was told as done is in the journal once.
    for name in names:
        assert len(oversight.journal(name)) >= 1
    assert oversight.letters() == []


def test_a_denied_read_is_not_compliance(lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    name = lab.name("loose")
    careless(cloud, name)
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    cloud.inject("GetRepositoryPolicy", "AccessDeniedException", repository=name, times=100)
    try:
        report = oversight.sweep()
    finally:
        cloud.clear_faults()
    found = checks(report, name)
    assert found["NoPublicPrincipals"]["status"] == "unknown"
    assert "AccessDenied" in found["NoPublicPrincipals"]["note"] + found["NoPublicPrincipals"]["found"]
    assert report["summary"]["checks"]["unknown"] >= 1
    # The others are mended all the same.
    assert lab.registry()[name]["mutability"] == "IMMUTABLE"
