"""A registry's declaration from its creation to its end: every part written, nothing written twice, and what stood
there before put back or left as declared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloud import Cloud
from settings import RECORD, Registry, copies, copying, scan_rule
from stacks import Lab

OTHER = "444455556666"
THEIRS = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "ecr:ReplicateImage",
          "Resource": "arn:aws:ecr:us-east-1:123456789012:repository/theirs/*"}
LIFECYCLE = {"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": {
    "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}}]}


def role(registry: Registry, name: str) -> str:
    """A role's ARN."""
    return f"arn:aws:iam::{registry.account}:role/{name}"


def secret(registry: Registry, name: str) -> str:
    """A secret's ARN."""
    return f"arn:aws:secretsmanager:{registry.region}:{registry.account}:secret:ecr-pullthroughcache/{name}-AbCdEf"


def profile(registry: Registry) -> str:
    """A signing profile's ARN."""
    return f"arn:aws:signer:{registry.region}:{registry.account}:/signing-profiles/ours"


def immutable_but(tags: str) -> dict[str, str]:
    """An exclusion filter of a template."""
    return {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": tags}


def everything(registry: Registry, **more: Any) -> dict[str, Any]:
    """A declaration of every part."""
    statement = {"Sid": "Audit", "Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository", "Resource": "*"}
    return registry.resource(**{
        "ScanType": "ENHANCED",
        "ScanRules": [scan_rule("SCAN_ON_PUSH", "web"), scan_rule("CONTINUOUS_SCAN", "prod/*")],
        "ReplicationRules": [copies("eu-west-1", registry.account, "prod/", deletions=True),
                             copies("eu-west-2", OTHER)],
        "RegistryPolicy": [statement],
        "ReplicationSources": [OTHER],
        "PullThroughCacheAccess": [{"Principals": [OTHER], "Prefixes": ["hub"]}],
        "PullThroughCacheRules": [
            {"EcrRepositoryPrefix": "hub", "UpstreamRegistry": "docker-hub", "CredentialArn": secret(registry, "hub")},
            {"EcrRepositoryPrefix": "quay", "UpstreamRegistryUrl": "quay.io"}],
        "CreationTemplates": [
            {"Prefix": "prod", "AppliedFor": ["CREATE_ON_PUSH", "REPLICATION"], "Description": "for prod",
             "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
             "ImageTagMutabilityExclusionFilters": [immutable_but("latest*")],
             "ResourceTags": [{"Key": "team", "Value": "pay"}], "CustomRoleArn": role(registry, "templates"),
             "EncryptionConfiguration": {"EncryptionType": "KMS"}, "LifecyclePolicy": LIFECYCLE},
            {"Prefix": "ROOT", "AppliedFor": ["PULL_THROUGH_CACHE"]}],
        "PullTimeUpdateExclusions": [role(registry, "scanner")],
        "SigningRules": [{"SigningProfileArn": profile(registry), "RepositoryFilters": [
            {"Filter": "prod/*", "FilterType": "WILDCARD_MATCH"}]}],
        "BlobMounting": "ENABLED",
    } | more)


def by_hand(registry: Registry) -> dict[str, Any]:
    """A registry that people configured; its dump."""
    registry.scan("BASIC", SCAN_ON_PUSH=["theirs"])
    registry.replicate(copying("ap-southeast-1", registry.account, "theirs/", deletions=True))
    registry.allow(THEIRS)
    registry.ecr.create_pull_through_cache_rule(
        ecrRepositoryPrefix="k8s", upstreamRegistryUrl="registry.k8s.io", upstreamRegistry="k8s")
    registry.ecr.create_repository_creation_template(prefix="theirs", appliedFor=["REPLICATION"], description="by hand")
    registry.ecr.register_pull_time_update_exclusion(principalArn=role(registry, "theirs"))
    registry.ecr.put_signing_configuration(signingConfiguration={"rules": [{"signingProfileArn": profile(registry)}]})
    return registry.standing()


def test_every_part_is_written_once_and_goes_again(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    before = by_hand(registry)
    stack = lab.stack()
    with cloud.counting() as writes:
        stack.create({"Registry": everything(registry, OnDelete="Restore")}, outputs={
            "Id": ["Registry", "RegistryId"], "Uri": ["Registry", "DeclarationUri"]})
    assert writes == {
        "PutRegistryScanningConfiguration": 1, "PutReplicationConfiguration": 1, "PutRegistryPolicy": 1,
        "CreatePullThroughCacheRule": 2, "CreateRepositoryCreationTemplate": 2, "PutSigningConfiguration": 1,
        "RegisterPullTimeUpdateExclusion": 1, "PutAccountSetting": 1}
    assert stack.outputs() == {"Id": registry.account, "Uri": f"s3://{cloud.bucket}/{RECORD}"}
    now = registry.standing()
    assert now["scanning"] == ("ENHANCED", {"SCAN_ON_PUSH": ["theirs", "web"], "CONTINUOUS_SCAN": ["prod/*"]})
    for rule in (copying("eu-west-1", registry.account, "prod/", deletions=True), copying("eu-west-2", OTHER),
                 copying("ap-southeast-1", registry.account, "theirs/", deletions=True)):
        assert rule in now["replication"]
    assert len(now["replication"]) == 3
    texts = list(now["policy"].values())
    assert texts[0] == json.dumps(THEIRS, separators=(",", ":")), "theirs goes back as it came, in its place"
    audit, cache, replication = list(now["policy"])[1:]
    assert (audit, replication) == ("Audit", f"EcrStewardReplication{OTHER}")
    assert cache.startswith("EcrSteward")
    assert set(now["cache"]) == {"hub", "quay", "k8s"}
    assert now["cache"]["hub"]["credentialArn"] == secret(registry, "hub")
    assert set(now["templates"]) == {"prod", "ROOT", "theirs"}
    prod = now["templates"]["prod"]
    assert (prod["imageTagMutability"], prod["encryptionConfiguration"]["encryptionType"], prod["description"]) == (
        "IMMUTABLE_WITH_EXCLUSION", "KMS", "for prod")
    assert json.loads(prod["lifecyclePolicy"]) == LIFECYCLE
    assert now["exclusions"] == sorted([role(registry, "scanner"), role(registry, "theirs")])
    assert len(now["signing"]) == 2
    assert now["blob mounting"] == "ENABLED"
    stack.delete()
    assert registry.standing() == before
    assert not registry.record()["entries"]


def test_what_stands_as_declared_is_not_written_again(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Registry": everything(registry)})
    before = registry.standing()
    with cloud.counting() as writes:
        stack.update({"Registry": everything(registry, ServiceTimeout=121)})
    assert writes == {}
    assert registry.standing() == before


def test_what_is_mentioned_no_longer_goes_and_members_are_cleared(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    """An update of a template leaves what it does not mention, and knows no word for no filters."""
    stack = lab.stack()
    stack.create({"Registry": everything(registry)})
    template = {"Prefix": "prod", "AppliedFor": ["REPLICATION"], "ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                "ImageTagMutabilityExclusionFilters": [immutable_but("dev*")]}
    with cloud.counting() as writes:
        stack.update({"Registry": registry.resource(CreationTemplates=[template], BlobMounting="ENABLED")})
    assert writes == {
        "PutRegistryScanningConfiguration": 1, "PutReplicationConfiguration": 1, "DeleteRegistryPolicy": 1,
        "DeletePullThroughCacheRule": 2, "DeleteRepositoryCreationTemplate": 1, "UpdateRepositoryCreationTemplate": 1,
        "DeregisterPullTimeUpdateExclusion": 1, "DeleteSigningConfiguration": 1}
    now = registry.standing()
    assert (now["scanning"], now["replication"], now["policy"], now["cache"]) == (("BASIC", {}), [], {}, {})
    assert now["templates"] == {"prod": {
        "appliedFor": ["REPLICATION"], "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev*"}],
        "encryptionConfiguration": {"encryptionType": "AES256"}}}
    plain = {"Prefix": "prod", "AppliedFor": ["REPLICATION"]}
    with cloud.counting() as writes:
        stack.update({"Registry": registry.resource(CreationTemplates=[plain], BlobMounting="ENABLED")})
    assert writes == {"DeleteRepositoryCreationTemplate": 1, "CreateRepositoryCreationTemplate": 1}
    assert registry.standing()["templates"]["prod"] == {
        "appliedFor": ["REPLICATION"], "imageTagMutability": "MUTABLE",
        "encryptionConfiguration": {"encryptionType": "AES256"}}


def test_a_credential_changes_in_place(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    def hub(name: str) -> dict[str, Any]:
        return registry.resource(PullThroughCacheRules=[{
            "EcrRepositoryPrefix": "hub", "UpstreamRegistry": "docker-hub", "CredentialArn": secret(registry, name)}])

    stack = lab.stack()
    stack.create({"Registry": hub("old")})
    with cloud.counting() as writes:
        stack.update({"Registry": hub("new")})
    assert writes == {"UpdatePullThroughCacheRule": 1}
    assert registry.standing()["cache"]["hub"]["credentialArn"] == secret(registry, "new")


def test_retained_everything_stays_without_a_write(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Registry": everything(registry)})
    before = registry.standing()
    with cloud.counting() as writes:
        stack.delete()
    assert writes == {}
    assert registry.standing() == before
    # And belongs to nobody: another may declare it, as it stands.
    with cloud.counting() as writes:
        lab.stack("-next").create({"Registry": everything(registry)})
    assert writes == {}


@pytest.mark.parametrize("on_delete", ["Retain", "Restore"])
def test_a_creation_that_is_undone_leaves_nothing(registry: Registry, lab: Lab, on_delete: str) -> None:
    before = by_hand(registry)
    stack = lab.stack()
    stack.create({"Registry": everything(registry, OnDelete=on_delete), "Sibling": lab.refused("Registry")},
                 expect="ROLLBACK_COMPLETE")
    assert "Environment" in stack.reason_of_failure("Sibling")
    assert registry.standing() == before
    assert not registry.record()["entries"]


def test_an_update_that_is_undone_brings_back_what_was_declared(registry: Registry, lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Registry": everything(registry)})
    before = registry.standing()
    changed = registry.resource(ScanType="BASIC", BlobMounting="DISABLED",
                                ReplicationRules=[copies("eu-west-1", registry.account, "prod/")])
    stack.update({"Registry": changed, "Sibling": lab.refused("Registry")}, expect="UPDATE_ROLLBACK_COMPLETE")
    after = registry.standing()
    # Documents may come back in another order of their own.
    assert sorted(after.pop("policy").items()) == sorted(before.pop("policy").items())
    assert sorted(map(str, after.pop("signing"))) == sorted(map(str, before.pop("signing")))
    assert after == before


def test_what_somebody_changed_meanwhile_is_left_alone(registry: Registry, lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Registry": registry.resource(
        OnDelete="Restore", BlobMounting="ENABLED",
        CreationTemplates=[{"Prefix": "prod", "AppliedFor": ["REPLICATION"], "Description": "ours"}])})
    registry.ecr.update_repository_creation_template(prefix="prod", description="changed by hand")
    stack.delete()
    now = registry.standing()
    assert now["templates"]["prod"]["description"] == "changed by hand"
    assert now["blob mounting"] == "DISABLED"
    told = [line for line in cloud.log(stack.id) if "is left alone" in json.dumps(line)]
    assert told, "it is told"
