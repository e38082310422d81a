"""What a registry has once: refused where ECR refuses it, kept as it was put."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any, Iterator

import pytest
from conftest import ACCOUNT, client, refusal
from own import until
from test_images import push
from test_policies import GRANT

INVALID = "InvalidParameterException"
OTHER = "111122223333"
HERE = "ap-south-1"


@pytest.fixture(scope="module")
def elsewhere(url: str) -> Any:
    """A registry of these tests' own."""
    return client(url, "ecr", HERE)


@pytest.fixture
def ecr(elsewhere: Any) -> Iterator[Any]:
    """The same, emptied after each test."""
    made = elsewhere
    yield made
    made.put_registry_scanning_configuration(scanType="BASIC", rules=[])
    made.put_replication_configuration(replicationConfiguration={"rules": []})


# ---- replication ----

def to(*places: tuple[str, str], prefixes: list[str] | None = None) -> dict[str, Any]:
    """A rule."""
    rule: dict[str, Any] = {"destinations": [{"region": region, "registryId": one} for region, one in places]}
    if prefixes is not None:
        rule["repositoryFilters"] = [{"filter": one, "filterType": "PREFIX_MATCH"} for one in prefixes]
    return rule


def replicate(ecr: Any, *rules: dict[str, Any]) -> Any:
    """Puts them all."""
    return ecr.put_replication_configuration(replicationConfiguration={"rules": list(rules)})


def many(count: int) -> list[tuple[str, str]]:
    """Different destinations."""
    return [("eu-west-1", f"{number:012}") for number in range(count)]


@pytest.mark.parametrize("rules", [
    [to(("eu-west-1", ACCOUNT))] * 11,
    [to(*many(20)), to(*many(26)[10:])],
    [to(("eu-west-1", ACCOUNT), (HERE, ACCOUNT))],
    [to(("eu-west-1", ACCOUNT), prefixes=[f"p{number}" for number in range(101)])],
    [to(("eu-west-1", ACCOUNT), prefixes=[])],
    [to(("eu-west-1", ACCOUNT), prefixes=["a"])],
    [to(("eu-west-1", "123"))],
    [to(("mars", ACCOUNT))],
    [to()],
])
def test_replication_that_is_refused_leaves_what_was(ecr: Any, rules: list[dict[str, Any]]) -> None:
    good = [to(("eu-west-2", ACCOUNT), prefixes=["prod"])]
    replicate(ecr, *good)
    assert refused(ecr, rules)
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == good


def refused(ecr: Any, rules: list[dict[str, Any]]) -> bool:
    """Is it?"""
    return refusal(ecr.put_replication_configuration, replicationConfiguration={"rules": rules})[0] == INVALID


def test_replication_as_large_as_it_may_be(ecr: Any) -> None:
    filters = [f"p{number}" for number in range(100)]
    rules = [to(*many(25), prefixes=filters), to((HERE, OTHER))]
    assert refused(ecr, rules)
    rules = [to(*many(25), prefixes=filters)] + [to(many(25)[number]) for number in range(9)]
    assert replicate(ecr, *rules)["replicationConfiguration"]["rules"] == rules
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == rules


def test_deletions_that_are_replicated_are_told(url: str, ecr: Any) -> None:
    def call(operation: str, body: dict) -> dict:
        request = urllib.request.Request(url, json.dumps(body).encode(), {
            "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=x/20260101/{HERE}/ecr/aws4_request"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    rules = [to(("eu-west-1", ACCOUNT)) | {"deleteReplication": {"enabled": True}}, to(("eu-west-2", ACCOUNT))]
    put = {"replicationConfiguration": {"rules": rules}}
    assert call("PutReplicationConfiguration", put) == put
    assert call("DescribeRegistry", {}) == {"registryId": ACCOUNT} | put
    for bad in ({"enabled": "yes"}, {"disabled": True}, True):
        with pytest.raises(urllib.error.HTTPError) as caught:
            call("PutReplicationConfiguration", {"replicationConfiguration": {"rules": [
                to(("eu-west-1", ACCOUNT)) | {"deleteReplication": bad}]}})
        assert caught.value.code == 400


def test_backfills_take_their_time_and_tell_what_they_did(ecr: Any) -> None:
    name = f"back/{uuid.uuid4().hex}"
    ecr.create_repository(repositoryName=name)
    digest = push(ecr, name, "one", "v1")
    target = {"region": "eu-west-1", "registryId": ACCOUNT}
    assert refusal(ecr.start_replication_backfill, destination=target)[0] == INVALID
    replicate(ecr, to(("eu-west-1", ACCOUNT), ("eu-west-2", ACCOUNT), prefixes=["back/"]))
    started = ecr.start_replication_backfill(destination=target)
    assert (started["status"], started["destination"]) == ("PREPARING", target)
    identity = {"replicationBackfillId": started["replicationBackfillId"]}
    assert refusal(ecr.start_replication_backfill, destination=target)[0] == "ReplicationBackfillInProgressException"
    second = ecr.start_replication_backfill(destination=target | {"region": "eu-west-2"})["replicationBackfillId"]
    assert ecr.stop_replication_backfill(replicationBackfillId=second)["status"] == "STOPPED"

    def over() -> Any:
        told = ecr.describe_replication_backfill_results(**identity)
        return told if told["status"] == "COMPLETE" else None

    told = until(over)
    assert told["results"] == [{"repositoryName": name, "imageId": {"imageDigest": digest, "imageTag": "v1"},
                                "status": "COMPLETE"}]
    assert told["progress"]["completedReplicationCount"] == 1 and told["endedAt"] > told["startedAt"]
    assert {one["replicationBackfillId"]: one["status"] for one in ecr.list_replication_backfills()["backfills"]} == {
        identity["replicationBackfillId"]: "COMPLETE", second: "STOPPED"}
    assert refusal(ecr.stop_replication_backfill, **identity)[0] == "ReplicationBackfillInvalidStatusException"
    assert refusal(ecr.stop_replication_backfill, replicationBackfillId=str(uuid.uuid4()))[0] == (
        "ReplicationBackfillNotFoundException")


# ---- scanning ----

def scan(frequency: str, *filters: str) -> dict[str, Any]:
    """A rule."""
    return {"scanFrequency": frequency,
            "repositoryFilters": [{"filter": one, "filterType": "WILDCARD"} for one in filters]}


@pytest.mark.parametrize("kind, rules", [
    ("BASIC", [scan("SCAN_ON_PUSH", *[f"p{number}" for number in range(101)])]),
    ("BASIC", [scan("SCAN_ON_PUSH", "a"), scan("CONTINUOUS_SCAN", "b")]),
    ("ENHANCED", [scan("SCAN_ON_PUSH", "")]),
    ("ENHANCED", [scan("SCAN_ON_PUSH", "UPPER")]),
    ("ENHANCED", [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "a", "filterType": "PREFIX"}]}]),
    ("BETTER", []),
])
def test_scanning_that_is_refused_leaves_what_was(ecr: Any, kind: str, rules: list[dict[str, Any]]) -> None:
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[scan("CONTINUOUS_SCAN", "prod")])
    assert refusal(ecr.put_registry_scanning_configuration, scanType=kind, rules=rules)[0] == INVALID
    kept = ecr.get_registry_scanning_configuration()["scanningConfiguration"]
    assert kept == {"scanType": "ENHANCED", "rules": [scan("CONTINUOUS_SCAN", "prod")]}


def test_continuous_rules_stand_in_the_way_of_basic_scanning(ecr: Any) -> None:
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[scan("CONTINUOUS_SCAN", "prod")])
    assert refusal(ecr.put_registry_scanning_configuration, scanType="BASIC",
                   rules=[scan("CONTINUOUS_SCAN", "prod")])[0] == INVALID


@pytest.mark.parametrize("kind, rules, wanted", [
    ("BASIC", [], {"flagged": "SCAN_ON_PUSH", "web/prod": "MANUAL", "prod-x": "MANUAL"}),
    # Without a wildcard anywhere in the name, with one the whole name.
    ("BASIC", [scan("SCAN_ON_PUSH", "prod")], {"flagged": "MANUAL", "web/prod": "SCAN_ON_PUSH",
                                               "prod-x": "SCAN_ON_PUSH"}),
    ("BASIC", [scan("SCAN_ON_PUSH", "prod*")], {"flagged": "MANUAL", "web/prod": "MANUAL", "prod-x": "SCAN_ON_PUSH"}),
    ("BASIC", [scan("SCAN_ON_PUSH", "*/*d")], {"flagged": "MANUAL", "web/prod": "SCAN_ON_PUSH", "prod-x": "MANUAL"}),
    ("ENHANCED", [], dict.fromkeys(["flagged", "web/prod", "prod-x"], "CONTINUOUS_SCAN")),
    ("ENHANCED", [scan("SCAN_ON_PUSH", "*"), scan("CONTINUOUS_SCAN", "web")],
     {"flagged": "SCAN_ON_PUSH", "web/prod": "CONTINUOUS_SCAN", "prod-x": "SCAN_ON_PUSH"}),
    # Not the flag of the repository either.
    ("ENHANCED", [scan("CONTINUOUS_SCAN", "web")], {"flagged": "MANUAL", "web/prod": "CONTINUOUS_SCAN",
                                                    "prod-x": "MANUAL"}),
])
def test_filters_match_as_the_service_matches(ecr: Any, kind: str, rules: list, wanted: dict[str, str]) -> None:
    for name in wanted:
        try:
            ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": name == "flagged"})
        except ecr.exceptions.RepositoryAlreadyExistsException:
            pass
    ecr.put_registry_scanning_configuration(scanType=kind, rules=rules)
    told = ecr.batch_get_repository_scanning_configuration(repositoryNames=list(wanted))["scanningConfigurations"]
    assert {one["repositoryName"]: one["scanFrequency"] for one in told} == wanted
    assert all(one["scanOnPush"] == (one["scanFrequency"] != "MANUAL") for one in told)
    if kind == "ENHANCED":
        push(ecr, "flagged", uuid.uuid4().hex, "v1")
        assert refusal(ecr.start_image_scan, repositoryName="flagged", imageId={"imageTag": "v1"})[0] == (
            "ValidationException")


# ---- policy ----

def test_the_policy_of_a_registry_has_bounds(ecr: Any) -> None:
    wish = json.loads(json.dumps(GRANT))
    wish["Statement"][0] |= {"Resource": "*", "Action": ["ecr:ReplicateImage", "ecr:DescribeImages"]}
    ecr.put_registry_policy(policyText=json.dumps(wish))
    for bad in (json.dumps(wish) + " " * 10_240, "nonsense", "{}", json.dumps(wish | {"Statement": []}),
                json.dumps(GRANT)):
        assert refusal(ecr.put_registry_policy, policyText=bad)[0] == INVALID
    assert "ecr:DescribeImages" in ecr.get_registry_policy()["policyText"]
    ecr.delete_registry_policy()
    for call in (ecr.get_registry_policy, ecr.delete_registry_policy):
        assert refusal(call)[0] == "RegistryPolicyNotFoundException"


# ---- exclusions and signing ----

def test_a_hundred_exclusions_are_all(ecr: Any) -> None:
    names = [f"arn:aws:iam::{ACCOUNT}:role/r{number:03}" for number in range(101)]
    for name in names[:100]:
        ecr.register_pull_time_update_exclusion(principalArn=name)
    assert refusal(ecr.register_pull_time_update_exclusion, principalArn=names[100])[0] == "LimitExceededException"
    assert refusal(ecr.register_pull_time_update_exclusion,
                   principalArn=f"arn:aws:iam::{ACCOUNT}:root")[0] == INVALID
    assert ecr.list_pull_time_update_exclusions()["pullTimeUpdateExclusions"] == names[:100]
    for name in names[:100]:
        ecr.deregister_pull_time_update_exclusion(principalArn=name)


def test_signing_has_bounds(ecr: Any) -> None:
    def rule(number: int = 0, filters: int = 1, kind: str = "WILDCARD_MATCH") -> dict[str, Any]:
        return {"signingProfileArn": f"arn:aws:signer:{HERE}:{ACCOUNT}:/signing-profiles/p{number}",
                "repositoryFilters": [{"filter": f"p{one}", "filterType": kind} for one in range(filters)]}

    good = {"rules": [rule(number, 100) for number in range(10)]}
    ecr.put_signing_configuration(signingConfiguration=good)
    for bad in ([rule(number) for number in range(11)], [rule(filters=101)], [rule(kind="PREFIX_MATCH")],
                [{"signingProfileArn": "arn:aws:signer:nowhere"}]):
        assert refusal(ecr.put_signing_configuration, signingConfiguration={"rules": bad})[0] in (
            INVALID, "ValidationException")
    assert ecr.get_signing_configuration()["signingConfiguration"] == good
    ecr.delete_signing_configuration()
