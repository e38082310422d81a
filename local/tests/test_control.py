"""Counters, injected faults, and the registry settings moto does not have."""

from __future__ import annotations

import time
import urllib.error
from typing import Any, Iterator

import pytest
from conftest import ACCOUNT, client, control, refusal


@pytest.fixture(autouse=True)
def no_faults(url: str) -> Iterator[None]:
    """A fault of one test is none of the next one's."""
    yield
    control("DELETE", url, "faults")
    control("DELETE", url, "limits")


def test_calls_are_counted_and_refused_ones_again(ecr: Any, repository: str, url: str) -> None:
    control("DELETE", url, "calls")
    ecr.describe_repositories(repositoryNames=[repository])
    refusal(ecr.describe_repositories, repositoryNames=["not/here"])
    refusal(ecr.create_repository, repositoryName="X")
    client(url, "securityhub").enable_security_hub()
    assert control("GET", url, "calls") == {"ecr": {"CreateRepository": 1, "DescribeRepositories": 2},
                                            "securityhub": {"EnableSecurityHub": 1}}
    assert control("GET", url, "refused") == {"ecr": {"CreateRepository": 1, "DescribeRepositories": 1}}
    control("DELETE", url, "calls")
    assert (control("GET", url, "calls"), control("GET", url, "refused")) == ({}, {})


def test_faults_strike_after_and_for_as_often_as_asked(ecr: Any, repository: str, url: str) -> None:
    control("POST", url, "faults", {"operation": "DescribeRepositories", "error": "ThrottlingException",
                                    "after": 1, "times": 2, "repository": "test/*"})

    def outcome() -> str:
        try:
            ecr.describe_repositories(repositoryNames=[repository])
        except ecr.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return "fine"

    refusal(ecr.describe_repositories, repositoryNames=["other/one"])
    assert [outcome() for _ in range(4)] == ["fine", "ThrottlingException", "ThrottlingException", "fine"]


def test_a_fault_has_the_status_asked_for_and_comes_before_any_effect(ecr: Any, repository: str, url: str) -> None:
    control("POST", url, "faults", {"operation": "DeleteRepository", "error": "ServerException"})
    with pytest.raises(ecr.exceptions.ClientError) as caught:
        ecr.delete_repository(repositoryName=repository)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert ecr.describe_repositories(repositoryNames=[repository])["repositories"]


def test_a_fault_without_an_error_only_delays(ecr: Any, repository: str, url: str) -> None:
    control("POST", url, "faults", {"operation": "DescribeRepositories", "delay_ms": 300})
    begun = time.monotonic()
    assert ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("fault", [{}, {"operation": "X", "often": 3}, {"operation": "X", "times": "3"}, []])
def test_a_misspelt_fault_is_refused(url: str, fault: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control("POST", url, "faults", fault)
    assert caught.value.code == 400


def test_account_settings_keep_legal_values_only(ecr: Any) -> None:
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "DISABLED"
    ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
    assert ecr.get_account_setting(name="BLOB_MOUNTING")["value"] == "ENABLED"
    for name, value in (("BLOB_MOUNTING", "MAYBE"), ("REGISTRY_POLICY_SCOPE", "V1"), ("COLOUR", "RED")):
        assert refusal(ecr.put_account_setting, name=name, value=value)[0] == "InvalidParameterException"


def test_cache_rules_live_under_their_prefix(ecr: Any) -> None:
    rule = {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
    ecr.create_pull_through_cache_rule(**rule)
    assert refusal(ecr.create_pull_through_cache_rule, **rule)[0] == "PullThroughCacheRuleAlreadyExistsException"
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:ecr-pullthroughcache/quay"
    ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="quay", credentialArn=secret)
    found = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["quay"])["pullThroughCacheRules"]
    assert (found[0]["credentialArn"], found[0]["upstreamRegistryUrl"]) == (secret, "quay.io")
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="quay")
    for call in (ecr.delete_pull_through_cache_rule, ecr.update_pull_through_cache_rule):
        assert refusal(call, ecrRepositoryPrefix="quay")[0] == "PullThroughCacheRuleNotFoundException"


def test_templates_live_under_their_prefix(ecr: Any) -> None:
    ecr.create_repository_creation_template(prefix="team", appliedFor=["CREATE_ON_PUSH"])
    ecr.update_repository_creation_template(prefix="team", description="changed")
    found = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert [(one["prefix"], one["description"], one["appliedFor"]) for one in found] == [
        ("team", "changed", ["CREATE_ON_PUSH"])]
    assert refusal(ecr.create_repository_creation_template, prefix="team",
                   appliedFor=["REPLICATION"])[0] == "TemplateAlreadyExistsException"
    assert refusal(ecr.update_repository_creation_template, prefix="team",
                   repositoryPolicy="nonsense")[0] == "InvalidParameterException"
    ecr.delete_repository_creation_template(prefix="team")
    assert refusal(ecr.delete_repository_creation_template, prefix="team")[0] == "TemplateNotFoundException"


def test_exclusions_and_signing(ecr: Any) -> None:
    principal = f"arn:aws:iam::{ACCOUNT}:role/scanner"
    ecr.register_pull_time_update_exclusion(principalArn=principal)
    assert refusal(ecr.register_pull_time_update_exclusion,
                   principalArn=principal)[0] == "ExclusionAlreadyExistsException"
    assert ecr.list_pull_time_update_exclusions()["pullTimeUpdateExclusions"] == [principal]
    ecr.deregister_pull_time_update_exclusion(principalArn=principal)
    assert refusal(ecr.deregister_pull_time_update_exclusion, principalArn=principal)[0] == "ExclusionNotFoundException"
    assert refusal(ecr.get_signing_configuration)[0] == "SigningConfigurationNotFoundException"
    rule = {"signingProfileArn": f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/mine"}
    ecr.put_signing_configuration(signingConfiguration={"rules": [rule]})
    assert ecr.delete_signing_configuration()["signingConfiguration"]["rules"] == [rule]
    assert refusal(ecr.get_signing_configuration)[0] == "SigningConfigurationNotFoundException"


def test_calls_over_the_limit_are_throttled_and_take_nothing(ecr: Any, repository: str, url: str) -> None:
    control("PUT", url, "limits", {"calls_per_second": 4, "burst": 2})
    control("DELETE", url, "calls")

    def outcome() -> int:
        try:
            return ecr.describe_repositories(repositoryNames=[repository])["ResponseMetadata"]["HTTPStatusCode"]
        except ecr.exceptions.ClientError as error:
            assert error.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    begun = time.monotonic()
    outcomes = []
    while time.monotonic() - begun < 1.1:
        outcomes.append(outcome())
    # Two at once and four in the second: the many that were refused have not held up the next one.
    assert outcomes[:3] == [200, 200, 400] and outcomes.count(200) in (6, 7)
    assert control("GET", url, "throttled") == {"ecr": {"DescribeRepositories": outcomes.count(400)}}
    assert control("GET", url, "calls") == {"ecr": {"DescribeRepositories": len(outcomes)}}
    assert control("GET", url, "refused") == control("GET", url, "throttled")
    assert control("GET", url, "succeeded") == {"DescribeRepositories": {repository: outcomes.count(200)}}


def test_the_limit_is_shown_and_lifted(ecr: Any, url: str) -> None:
    control("POST", url, "limits", {"calls_per_second": 0.5})
    assert control("GET", url, "limits") == {"calls_per_second": 0.5, "burst": 1.0}
    ecr.describe_repositories()
    assert refusal(ecr.describe_repositories) == ("ThrottlingException", "Rate exceeded")
    # The other service on this port has limits of its own.
    assert refusal(client(url, "securityhub").update_findings, Filters={})[0] != "ThrottlingException"
    control("DELETE", url, "limits")
    assert control("GET", url, "limits") == {}
    ecr.describe_repositories()


@pytest.mark.parametrize("limit", [{}, [], {"calls_per_second": 0}, {"calls_per_second": "3"},
                                   {"calls_per_second": 3, "burst": 0}, {"calls_per_second": 3, "often": 1},
                                   {"calls_per_second": True}])
def test_a_misspelt_limit_is_refused(url: str, limit: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control("PUT", url, "limits", limit)
    assert caught.value.code == 400


def test_successes_are_counted_by_repository(ecr: Any, repository: str, url: str) -> None:
    control("POST", url, "faults", {"operation": "TagResource", "error": "ServerException"})
    control("DELETE", url, "calls")
    arn = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryArn"]
    refusal(ecr.create_repository, repositoryName=repository)
    for _ in range(2):
        try:
            ecr.tag_resource(resourceArn=arn, tags=[{"Key": "a", "Value": "b"}])
        except ecr.exceptions.ClientError:
            continue
    ecr.get_authorization_token()
    assert control("GET", url, "succeeded") == {
        "DescribeRepositories": {repository: 1}, "TagResource": {repository: 1}, "GetAuthorizationToken": {"": 1}}
    control("DELETE", url, "calls")
    assert control("GET", url, "succeeded") == {}
