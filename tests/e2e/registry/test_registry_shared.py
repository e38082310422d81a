"""Several stacks that declare parts of one registry: what they share, what only one can say, and what is nobody's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cloud import Cloud
from settings import Registry, copies, copying, scan_rule
from stacks import Lab

OTHER = "444455556666"


def allow(sid: str, account: str = OTHER) -> dict[str, object]:
    """A statement as a property."""
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": account}, "Action": "ecr:BatchImportUpstreamImage",
            "Resource": "*"}


@pytest.mark.parametrize("on_delete, left", [("Restore", "BASIC"), ("Retain", "ENHANCED")])
def test_of_two_that_claim_the_scan_type_the_second_is_refused_by_name(
        registry: Registry, lab: Lab, cloud: Cloud, on_delete: str, left: str) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Scanning": registry.resource(ScanType="ENHANCED", OnDelete=on_delete)})
    before = registry.standing()
    with cloud.counting() as writes:
        second.create({"Registry": registry.resource(ScanType="BASIC", BlobMounting="ENABLED")},
                      expect="ROLLBACK_COMPLETE")
    reason = second.reason_of_failure("Registry")
    print(f"\n{reason}")
    assert f"stack {first.name}, resource Scanning" in reason
    assert writes == {}, "not even what nobody claims"
    assert registry.standing() == before
    first.delete()
    assert registry.scanning()[0] == left
    # Now it is free.
    third = lab.stack("-third")
    third.create({"Registry": registry.resource(ScanType="BASIC", BlobMounting="ENABLED")})
    assert (registry.scanning()[0], registry.standing()["blob mounting"]) == ("BASIC", "ENABLED")


def test_what_two_declare_is_put_together_and_one_takes_only_its_own_away(
        registry: Registry, lab: Lab, cloud: Cloud) -> None:
    registry.scan("BASIC", SCAN_ON_PUSH=["by-hand"])
    registry.replicate(copying("sa-east-1", registry.account, deletions=True))
    registry.allow(allow("ByHand"))
    before = registry.standing()

    def declared(name: str, region: str, seconds: int = 120) -> dict[str, object]:
        return registry.resource(
            ServiceTimeout=seconds, OnDelete="Restore", ScanRules=[scan_rule("SCAN_ON_PUSH", name, "both")],
            ReplicationRules=[copies(region, registry.account, f"{name}/")], RegistryPolicy=[allow(name.title())],
            PullTimeUpdateExclusions=[f"arn:aws:iam::{registry.account}:role/both"])

    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Registry": declared("shop", "eu-west-1")})
    alone = registry.standing()
    second.create({"Registry": declared("search", "eu-west-2")})
    both = registry.standing()
    assert both["scanning"] == ("BASIC", {"SCAN_ON_PUSH": ["both", "by-hand", "search", "shop"]})
    assert len(both["replication"]) == 3
    assert sorted(both["policy"]) == ["ByHand", "Search", "Shop"]
    assert both["policy"]["ByHand"] == before["policy"]["ByHand"]
    # Each may say it again without a write.
    with cloud.counting() as writes:
        second.update({"Registry": declared("search", "eu-west-2", 121)})
        first.update({"Registry": declared("shop", "eu-west-1", 121)})
    assert writes == {}
    second.delete()
    assert registry.standing() == alone
    assert registry.standing()["exclusions"], "what the other declares too stays"
    first.delete()
    assert registry.standing() == before


def test_declared_at_the_same_moment_nothing_is_lost(registry: Registry, lab: Lab) -> None:
    stacks = [lab.stack(f"-{number}") for number in range(3)]
    resources = [registry.resource(OnDelete="Restore", ScanRules=[scan_rule("SCAN_ON_PUSH", f"team-{number}")],
                                   ReplicationRules=[copies("eu-west-1", registry.account, f"team-{number}/")])
                 for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda pair: pair[0].create({"Registry": pair[1]}), zip(stacks, resources)))
    assert registry.scanning() == ("BASIC", {"SCAN_ON_PUSH": ["team-0", "team-1", "team-2"]})
    assert len(registry.replication()) == 3
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda stack: stack.delete(), stacks))
    assert (registry.scanning(), registry.replication()) == (("BASIC", {}), [])
    assert not registry.record()["entries"]
