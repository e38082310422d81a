"""A repository somebody made by hand, and the account's baseline. Cloud Custodian judges before and after."""

from __future__ import annotations

from typing import Any

from by_hand import FRIEND, careless
from cloud import Cloud
from judge import Judge
from oversight import Oversight, checks, rule
from stacks import Lab, Stack

REQUIRED: dict[str, Any] = {
    "ScanOnPush": True, "ImageTagMutability": "IMMUTABLE", "LifecyclePolicy": "Generated",
    "RequiredTags": {"owner": "platform"}, "NoPublicPrincipals": True}
OUR_WRITES = ("PutImageTagMutability", "PutImageScanningConfiguration", "PutLifecyclePolicy", "SetRepositoryPolicy",
              "TagResource")
MOST_CALLS = 10


def test_one_event_brings_it_to_the_baseline_and_its_own_events_lead_to_nothing(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack, judge: Judge) -> None:
    name = lab.name("wrong")
    careless(cloud, name)
    flagged = judge.flagged(lab.project)
    assert all(names == {name} for names in flagged.values()), flagged
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")

    with oversight.calls() as calls:
        oversight.hear(oversight.call("CreateRepository", name))
    print(f"\n{sum(calls.values())} calls: {calls}")
    assert sum(calls.values()) <= MOST_CALLS, calls
    assert {one: calls.get(one) for one in OUR_WRITES} == dict.fromkeys(OUR_WRITES, 1)
    now = lab.registry()[name]
    assert (now["mutability"], now["scan"], now["tags"]["owner"]) == ("IMMUTABLE", True, "platform")
    # Only the statement that lets everybody in is gone.
    assert now["policy"]["Statement"] == [FRIEND]
    assert not any(judge.flagged(lab.project).values())

    with cloud.counting() as writes:
        oversight.hear(*[oversight.call(one, name, oversight.own_role) for one in OUR_WRITES])
        # A message is delivered at least once; and others may call it, too.
        oversight.hear(*[oversight.call(one, name) for one in OUR_WRITES])
    assert writes == {}
    assert lab.registry()[name] == now
    assert oversight.letters() == []


def test_each_change_is_in_the_journal_with_the_way_back(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    name = lab.name("wrong")
    careless(cloud, name)
    before = lab.registry()[name]
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    event = oversight.call("CreateRepository", name)
    oversight.hear(event)
    [change] = oversight.journal(name)
    print(f"\n{change}")
    told = str(change)
    assert event["detail"]["eventID"] in told
    assert "Everybody" in told and before["mutability"] in told and "IMMUTABLE" in told


def test_without_a_mode_nothing_is_written_and_everything_is_told(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    name = lab.name("wrong")
    careless(cloud, name)
    before = lab.everything()
    oversight.baseline(baselines, rule(lab.project, **REQUIRED))
    with cloud.counting() as writes:
        oversight.hear(oversight.call("CreateRepository", name))
        report = oversight.sweep()
    assert writes == {}
    assert lab.everything() == before
    found = checks(report, name)
    assert set(found) == set(REQUIRED)
    assert {(one["status"], one["action"], one["mode"]) for one in found.values()} == {
        ("fail", "reported", "ReportOnly")}
    assert oversight.journal(name) == []


def test_what_is_exempt_is_left_as_it_is_and_what_ecr_cannot_change_is_told(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    for short in ("kept", "mended"):
        careless(cloud, lab.name(short))
    leave = {"Match": {"Names": [lab.name("kept")]}, "Reason": "being retired, TICKET-1", "Until": "2099-01-31"}
    oversight.baseline(baselines, rule(lab.project, EncryptionType=["KMS"], **REQUIRED), Mode="Enforce",
                       Exemptions=[leave])
    before = lab.registry()[lab.name("kept")]
    oversight.hear(*[oversight.call("CreateRepository", lab.name(short)) for short in ("kept", "mended")])
    now = lab.registry()
    assert now[lab.name("kept")] == before
    assert now[lab.name("mended")]["mutability"] == "IMMUTABLE"
    report = oversight.sweep()
    kept = checks(report, lab.name("kept"))
    assert {one["status"] for one in kept.values()} == {"exempt"}
    assert {one["exemption"]["reason"] for one in kept.values()} == {leave["Reason"]}
    encryption = checks(report, lab.name("mended"))["EncryptionType"]
    assert (encryption["status"], encryption["action"]) == ("fail", "reported")
    assert encryption["note"]
