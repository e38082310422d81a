"""What must be refused of a registry's declaration: whole, with every problem, and before any write."""

from __future__ import annotations

from typing import Any

from cloud import Cloud
from settings import Registry, copies, copying, scan_rule
from stacks import Lab

# What is wrong, and what the reason says of it. All of them in one declaration.
MISTAKES: dict[str, tuple[Any, list[str]]] = {
    "ScanTyp": ("BASIC", ["ScanTyp:", "did you mean ScanType?"]),
    "ScanRules": ([scan_rule("MANUAL", "Prod")], ["ScanRules[0].ScanFrequency: MANUAL is no rule",
                                                  "ScanRules[0].RepositoryFilters[0].Filter:"]),
    "ReplicationRules": ([copies("Frankfurt", "1234")], ["ReplicationRules[0].Destinations[0].Region:",
                                                         "ReplicationRules[0].Destinations[0].RegistryId:"]),
    "PullThroughCacheRules": ([{"EcrRepositoryPrefix": "hub", "UpstreamRegistry": "docker-hub"}],
                              ["PullThroughCacheRules[0].CredentialArn:"]),
    "CreationTemplates": ([{"Prefix": "prod", "AppliedFor": ["NEVER"]}], ["CreationTemplates[0].AppliedFor"]),
    "PullTimeUpdateExclusions": (["scanner"], ["PullTimeUpdateExclusions[0]:"]),
    "BlobMounting": ("yes", ["BlobMounting:"]),
    "OnDelete": ("Keep", ["OnDelete:", "Retain"]),
}


def test_every_mistake_is_told_at_once_and_nothing_is_written(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    before, stack = registry.standing(), lab.stack()
    properties = {name: value for name, (value, _) in MISTAKES.items()} | {"SigningRules": [], "RegistryPolicy": []}
    with cloud.counting() as writes:
        stack.create({"Registry": registry.resource(**properties)}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure("Registry")
    print(f"\n{reason}")
    assert "problems in the properties; nothing was changed." in reason
    for words in (words for _, words in MISTAKES.values()):
        for word in words:
            assert word in reason
    assert writes == {}
    assert registry.standing() == before
    assert registry.record() is None, "nothing is remembered either"


def test_a_declaration_of_nothing_is_refused(registry: Registry, lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Registry": registry.resource()}, expect="ROLLBACK_COMPLETE")
    assert "declare nothing" in stack.reason_of_failure("Registry")


def test_what_stands_there_by_hand_and_says_otherwise_is_not_overwritten(
        registry: Registry, lab: Lab, cloud: Cloud) -> None:
    registry.scan("ENHANCED", SCAN_ON_PUSH=["web"])
    registry.replicate(copying("eu-west-1", registry.account, "prod/", deletions=True))
    registry.ecr.create_pull_through_cache_rule(
        ecrRepositoryPrefix="cache", upstreamRegistryUrl="quay.io", upstreamRegistry="quay")
    registry.ecr.create_repository_creation_template(prefix="prod", appliedFor=["REPLICATION"], description="by hand")
    before, stack = registry.standing(), lab.stack()
    with cloud.counting() as writes:
        stack.create({"Registry": registry.resource(
            ScanRules=[scan_rule("CONTINUOUS_SCAN", "web")], BlobMounting="ENABLED",
            ReplicationRules=[copies("eu-west-1", registry.account, "prod/")],
            PullThroughCacheRules=[{"EcrRepositoryPrefix": "cache", "UpstreamRegistry": "k8s"}],
            CreationTemplates=[{"Prefix": "prod", "AppliedFor": ["REPLICATION"], "Description": "ours"}])},
            expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure("Registry")
    print(f"\n{reason}")
    assert reason.count("stands there, declared by nobody here") == 4
    assert '(REPLICATION, MUTABLE, AES256, "by hand") stands there' in reason
    for place in ('scan filter "web"', "replication", "pull-through cache rule cache", "creation template prod"):
        assert place in reason
    assert writes == {}
    assert registry.standing() == before


def test_the_whole_that_ecr_would_refuse_is_refused_before_any_write(
        registry: Registry, lab: Lab, cloud: Cloud) -> None:
    """Each declaration is well formed; together they are too much."""
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Registry": registry.resource(
        ReplicationRules=[copies("eu-west-1", registry.account, f"a{number}/") for number in range(6)])})
    with cloud.counting() as writes:
        second.create({"Registry": registry.resource(
            ReplicationRules=[copies("eu-west-1", registry.account, f"b{number}/") for number in range(6)])},
            expect="ROLLBACK_COMPLETE")
    reason = second.reason_of_failure("Registry")
    print(f"\n{reason}")
    assert "12 replication rules" in reason and f"stack {first.name}" in reason
    assert writes == {}
    # Under BASIC nothing is scanned continuously.
    with cloud.counting() as writes:
        lab.stack("-third").create({"Registry": registry.resource(
            ScanRules=[scan_rule("CONTINUOUS_SCAN", "prod/*")])}, expect="ROLLBACK_COMPLETE")
    assert writes == {}


def test_a_write_that_ecr_refuses_is_told_and_undone(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    """The half that was written goes with the rollback."""
    before, stack = registry.standing(), lab.stack()
    secrets = f"arn:aws:secretsmanager:{registry.region}:{registry.account}:secret:ecr-pullthroughcache"
    stack.patience = 300
    stack.create({"Registry": registry.resource(
        ServiceTimeout=60, BlobMounting="ENABLED", ScanRules=[scan_rule("SCAN_ON_PUSH", "web")],
        PullThroughCacheRules=[{"EcrRepositoryPrefix": "hub", "UpstreamRegistry": "docker-hub",
                                "CredentialArn": f"{secrets}/does-not-exist-AbCdEf"}])}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure("Registry")
    print(f"\n{reason}")
    assert "CreatePullThroughCacheRule" in reason and "does not exist" in reason
    assert registry.standing() == before
