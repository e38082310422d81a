"""Pull-through cache rules and creation templates: what each upstream and each setting needs."""

from __future__ import annotations

import uuid
from typing import Any, Iterator

import pytest
from conftest import ACCOUNT, client, refusal

INVALID = "InvalidParameterException"
OTHER = "111122223333"
HERE = "ap-south-2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/cache"


@pytest.fixture(scope="module")
def elsewhere(url: str) -> Any:
    """A registry of these tests' own."""
    return client(url, "ecr", HERE)


@pytest.fixture
def ecr(elsewhere: Any) -> Iterator[Any]:
    """The same, emptied after each test."""
    made = elsewhere
    yield made
    for one in made.describe_pull_through_cache_rules()["pullThroughCacheRules"]:
        made.delete_pull_through_cache_rule(ecrRepositoryPrefix=one["ecrRepositoryPrefix"])
    for one in made.describe_repository_creation_templates()["repositoryCreationTemplates"]:
        made.delete_repository_creation_template(prefix=one["prefix"])


def secret(name: str = "hub", region: str = HERE, account: str = ACCOUNT) -> str:
    """Of credentials for an upstream."""
    return f"arn:aws:secretsmanager:{region}:{account}:secret:ecr-pullthroughcache/{name}"


# ---- pull-through cache ----

def cache(ecr: Any, url: str, prefix: str = "", **more: str) -> Any:
    """Creates a rule under a prefix of its own."""
    return ecr.create_pull_through_cache_rule(ecrRepositoryPrefix=prefix or f"c{uuid.uuid4().hex[:8]}",
                                              upstreamRegistryUrl=url, **more)


@pytest.mark.parametrize("kind, address, needs", [
    ("ecr-public", "public.ecr.aws", {}),
    ("quay", "quay.io", {}),
    ("k8s", "registry.k8s.io", {}),
    ("docker-hub", "registry-1.docker.io", {"credentialArn": secret()}),
    ("github-container-registry", "ghcr.io", {"credentialArn": secret()}),
    ("gitlab-container-registry", "registry.gitlab.com", {"credentialArn": secret()}),
    ("azure-container-registry", "mycompany.azurecr.io", {"credentialArn": secret()}),
    ("chainguard", "cgr.dev", {"credentialArn": secret()}),
    ("ecr", f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com", {}),
    ("ecr", f"{OTHER}.dkr.ecr.{HERE}.amazonaws.com", {"customRoleArn": ROLE}),
])
def test_each_upstream_gets_what_it_needs(ecr: Any, kind: str, address: str, needs: dict[str, str]) -> None:
    made = cache(ecr, address, **needs)
    assert (made["upstreamRegistry"], made.get("upstreamRepositoryPrefix")) == (kind, None)
    assert needs.items() <= made.items()
    [found] = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=[made["ecrRepositoryPrefix"]])[
        "pullThroughCacheRules"]
    assert found["upstreamRegistry"] == kind
    assert ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix=made["ecrRepositoryPrefix"])["isValid"]
    cache(ecr, address, upstreamRegistry=kind, **needs)
    for needed in needs:
        arguments = {key: value for key, value in needs.items() if key != needed}
        with pytest.raises(ecr.exceptions.InvalidParameterException):
            cache(ecr, address, **arguments)


@pytest.mark.parametrize("code, arguments", [
    ("UnsupportedUpstreamRegistryException", {"upstreamRegistryUrl": "docker.io"}),
    ("UnsupportedUpstreamRegistryException", {"upstreamRegistryUrl": "https://quay.io"}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "upstreamRegistry": "k8s"}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "upstreamRegistry": "artifactory"}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "customRoleArn": ROLE}),
    (INVALID, {"upstreamRegistryUrl": f"{ACCOUNT}.dkr.ecr.{HERE}.amazonaws.com"}),
    (INVALID, {"upstreamRegistryUrl": f"{OTHER}.dkr.ecr.{HERE}.amazonaws.com"}),
    (INVALID, {"upstreamRegistryUrl": f"{OTHER}.dkr.ecr.{HERE}.amazonaws.com",
               "customRoleArn": f"arn:aws:iam::{OTHER}:role/cache"}),
    (INVALID, {"upstreamRegistryUrl": f"{OTHER}.dkr.ecr.{HERE}.amazonaws.com", "customRoleArn": ROLE,
               "credentialArn": secret()}),
    (INVALID, {"upstreamRegistryUrl": "ghcr.io", "credentialArn": secret().replace("ecr-pullthroughcache/", "")}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "ecrRepositoryPrefix": "ROOT", "upstreamRepositoryPrefix": "a1"}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "ecrRepositoryPrefix": "a"}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "ecrRepositoryPrefix": "a" * 31}),
    (INVALID, {"upstreamRegistryUrl": "quay.io", "ecrRepositoryPrefix": "root/ROOT"}),
    ("UnableToAccessSecretException", {"upstreamRegistryUrl": "ghcr.io", "credentialArn": secret(region="eu-west-1")}),
    ("UnableToAccessSecretException", {"upstreamRegistryUrl": "ghcr.io", "credentialArn": secret(account=OTHER)}),
    ("SecretNotFoundException", {"upstreamRegistryUrl": "ghcr.io", "credentialArn": secret("does-not-exist")}),
])
def test_cache_rules_that_are_refused(ecr: Any, code: str, arguments: dict[str, str]) -> None:
    assert refusal(ecr.create_pull_through_cache_rule, **({"ecrRepositoryPrefix": "bad"} | arguments))[0] == code
    assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []


def test_only_how_an_upstream_is_reached_changes(ecr: Any) -> None:
    cache(ecr, "ghcr.io", "hub", credentialArn=secret("old"))
    changed = ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="hub", credentialArn=secret("wrong"))
    assert (changed["credentialArn"], "createdAt" in changed) == (secret("wrong"), False)
    told = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="hub")
    assert (told["isValid"], told["failure"] != "") == (False, True)
    assert refusal(ecr.update_pull_through_cache_rule, ecrRepositoryPrefix="hub", customRoleArn=ROLE)[0] == INVALID
    assert refusal(ecr.update_pull_through_cache_rule, ecrRepositoryPrefix="hub",
                   credentialArn=secret("does-not-exist"))[0] == "SecretNotFoundException"
    assert refusal(cache, ecr=ecr, url="quay.io", prefix="hub/")[0] == "PullThroughCacheRuleAlreadyExistsException"
    assert refusal(ecr.validate_pull_through_cache_rule, ecrRepositoryPrefix="none")[0] == (
        "PullThroughCacheRuleNotFoundException")


def test_fifty_cache_rules_are_all(ecr: Any) -> None:
    cache(ecr, "quay.io", "ROOT")
    for number in range(49):
        cache(ecr, "quay.io", f"c{number}")
    assert refusal(cache, ecr=ecr, url="quay.io", prefix="more")[0] == "LimitExceededException"


# ---- creation templates ----

@pytest.mark.parametrize("wish", [
    {"appliedFor": []},
    {"appliedFor": ["PULL_THROUGH_CACHE"] * 2},
    {"appliedFor": ["SOMETHING"]},
    {"encryptionConfiguration": {"encryptionType": "KMS"}},
    {"encryptionConfiguration": {"encryptionType": "KMS_DSSE"}},
    {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "alias/mine"}, "customRoleArn": ROLE},
    {"resourceTags": [{"Key": "a", "Value": "b"}]},
    {"resourceTags": [{"Key": "aws:a", "Value": "b"}], "customRoleArn": ROLE},
    {"customRoleArn": f"arn:aws:iam::{OTHER}:role/x"},
    {"imageTagMutability": "MUTABLE_WITH_EXCLUSION"},
    {"lifecyclePolicy": "{}"},
    {"repositoryPolicy": "nonsense"},
])
def test_templates_that_are_refused(ecr: Any, wish: dict[str, Any]) -> None:
    code, _ = refusal(ecr.create_repository_creation_template,
                      **({"prefix": "bad", "appliedFor": ["REPLICATION"]} | wish))
    assert code in (INVALID, "InvalidTagParameterException")
    ecr.create_repository_creation_template(prefix="good", appliedFor=["REPLICATION"])
    assert refusal(ecr.update_repository_creation_template, prefix="good", **wish)[0] == code
    [left] = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    assert (left["prefix"], left["appliedFor"]) == ("good", ["REPLICATION"])


def test_with_a_role_templates_may_have_keys_and_tags(ecr: Any) -> None:
    made = ecr.create_repository_creation_template(
        prefix="ROOT", appliedFor=["CREATE_ON_PUSH", "PULL_THROUGH_CACHE"], customRoleArn=ROLE,
        encryptionConfiguration={"encryptionType": "KMS"}, resourceTags=[{"Key": "a", "Value": ""}])
    assert made["repositoryCreationTemplate"]["customRoleArn"] == ROLE
    assert ecr.describe_repository_creation_templates(prefixes=["ROOT"])["repositoryCreationTemplates"] == [
        made["repositoryCreationTemplate"]]
