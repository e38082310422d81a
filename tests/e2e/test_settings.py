"""Settings beyond the usual ones: encryption, mutability, access, overrides, tags, and when the registry decides."""

from __future__ import annotations

import json

import pytest
from cloud import Cloud
from stacks import Lab

OTHER = "444455556666"
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
PUSH = PULL | {"ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"}
KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"


def statements(one: dict) -> dict[str, dict]:
    """The statements of a repository's policy by Sid."""
    return {statement["Sid"]: statement for statement in (one["policy"] or {"Statement": []})["Statement"]}


def as_list(value: str | list[str]) -> list[str]:
    """A policy may write a list of one as that one."""
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("kind", ["KMS", "KMS_DSSE"])
def test_encryption_with_a_key(lab: Lab, kind: str) -> None:
    lab.stack().create({"Fleet": lab.fleet("orders", EncryptionType=kind, KmsKey=KEY)})
    assert lab.registry()[lab.name("orders")]["encryption"] == {"encryptionType": kind, "kmsKey": KEY}


def test_encryption_with_the_key_aws_manages(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", EncryptionType="KMS")})
    assert lab.registry()[lab.name("orders")]["encryption"]["encryptionType"] == "KMS"
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", EncryptionType="KMS", DriftMode="Off")})
    assert writes == {}


def test_encryption_of_what_exists_cannot_change(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "new", EncryptionType="KMS", KmsKey=KEY)},
                     expect="UPDATE_ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert f"{lab.name('orders')}: it is encrypted with AES256" in reason
    assert "Declare a new name" in reason
    assert writes == {}
    assert lab.everything() == before


def test_mutability_with_exclusions_changes_both_ways(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    filtered = {"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "ImageTagMutabilityExclusions": ["latest", "dev-*"]}
    stack.create({"Fleet": lab.fleet("orders", **filtered)})
    one = lab.registry()[lab.name("orders")]
    assert (one["mutability"], one["exclusions"]) == ("IMMUTABLE_WITH_EXCLUSION", ["dev-*", "latest"])
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", **filtered | {"ImageTagMutabilityExclusions": ["dev-*", "latest"]})})
    assert writes == {}
    stack.update({"Fleet": lab.fleet("orders", ImageTagMutability="IMMUTABLE")})
    one = lab.registry()[lab.name("orders")]
    assert (one["mutability"], one["exclusions"]) == ("IMMUTABLE", [])
    stack.update({"Fleet": lab.fleet("orders", ImageTagMutability="MUTABLE_WITH_EXCLUSION",
                                     ImageTagMutabilityExclusions=["v*"])})
    one = lab.registry()[lab.name("orders")]
    assert (one["mutability"], one["exclusions"]) == ("MUTABLE_WITH_EXCLUSION", ["v*"])


def test_overrides_replace_and_tags_merge(lab: Lab) -> None:
    lab.stack().create({"Fleet": lab.fleet(
        "orders", "audit", ImageTagMutability="IMMUTABLE", MaxImageCount=5, Tags={"team": "a", "cost": "1"},
        PullPrincipals=[OTHER],
        Overrides={"audit": {"ImageTagMutability": "MUTABLE", "MaxImageCount": "99", "ScanOnPush": "false",
                             "LifecyclePolicy": "None", "PullPrincipals": [], "Tags": {"team": "b"}}})})
    found = lab.registry()
    orders, audit = found[lab.name("orders")], found[lab.name("audit")]
    assert (orders["mutability"], audit["mutability"]) == ("IMMUTABLE", "MUTABLE")
    assert (orders["scan"], audit["scan"]) == (True, False)
    assert orders["lifecycle"]["rules"][1]["selection"]["countNumber"] == 5
    assert audit["lifecycle"] is None
    assert (orders["tags"]["team"], orders["tags"]["cost"]) == ("a", "1")
    assert (audit["tags"]["team"], audit["tags"]["cost"]) == ("b", "1")
    assert "EcrStewardPull" in statements(orders)
    assert audit["policy"] is None


def test_a_lifecycle_policy_of_the_users_own_and_back(lab: Lab, cloud: Cloud) -> None:
    rule = {"rulePriority": 10, "description": "mine", "action": {"type": "expire"},
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 20}}
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", LifecyclePolicy={"rules": [rule]})})
    assert lab.registry()[lab.name("orders")]["lifecycle"] == {"rules": [rule]}
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", LifecyclePolicy=json.dumps({"rules": [rule]}, indent=2))})
    assert writes == {}
    stack.update({"Fleet": lab.fleet("orders", LifecyclePolicy="None")})
    assert lab.registry()[lab.name("orders")]["lifecycle"] is None
    stack.update({"Fleet": lab.fleet("orders")})
    assert len(lab.registry()[lab.name("orders")]["lifecycle"]["rules"]) == 4


def test_access_for_accounts_roles_functions_and_organisations(lab: Lab) -> None:
    role, function = f"arn:aws:iam::{OTHER}:role/builder", f"arn:aws:lambda:us-east-1:{OTHER}:function:worker"
    lab.stack().create({"Fleet": lab.fleet(
        "orders", PullPrincipals=[OTHER], PushPrincipals=[role], LambdaPullArns=[function],
        PullOrganizations=["o-a1b2c3d4e5"],
        PolicyStatements=[{"Sid": "Mine", "Effect": "Deny", "Principal": "*", "Action": "ecr:DeleteRepository"}])})
    found = statements(lab.registry()[lab.name("orders")])
    assert set(found) == {"EcrStewardPull", "EcrStewardPush", "EcrStewardLambdaPull", "EcrStewardPullOrganization",
                          "EcrStewardUserMine"}
    assert set(found["EcrStewardPull"]["Action"]) == PULL
    assert as_list(found["EcrStewardPull"]["Principal"]["AWS"]) == [f"arn:aws:iam::{OTHER}:root"]
    assert set(found["EcrStewardPush"]["Action"]) == PUSH
    assert as_list(found["EcrStewardPush"]["Principal"]["AWS"]) == [role]
    in_lambda = found["EcrStewardLambdaPull"]
    assert in_lambda["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert in_lambda["Condition"] == {"ArnLike": {"aws:SourceArn": [function, f"{function}:*"]}}
    organisation = found["EcrStewardPullOrganization"]["Condition"]["StringEquals"]
    assert as_list(organisation["aws:PrincipalOrgID"]) == ["o-a1b2c3d4e5"]
    assert found["EcrStewardUserMine"]["Effect"] == "Deny"
    assert not any("GetAuthorizationToken" in json.dumps(one) for one in found.values())


def test_statements_of_others_survive_unless_exclusive(lab: Lab, cloud: Cloud) -> None:
    stack, ecr = lab.stack(), cloud.client("ecr")
    stack.create({"Fleet": lab.fleet("orders", PullPrincipals=[OTHER])})
    policy = lab.registry()[lab.name("orders")]["policy"]
    policy["Statement"].append({"Sid": "LambdaECRImageRetrievalPolicy", "Effect": "Allow",
                                "Action": "ecr:BatchGetImage", "Principal": {"Service": "lambda.amazonaws.com"}})
    ecr.set_repository_policy(repositoryName=lab.name("orders"), policyText=json.dumps(policy))
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", PullPrincipals=[f"arn:aws:iam::{OTHER}:root"])})
    assert writes == {}
    stack.update({"Fleet": lab.fleet("orders")})
    assert set(statements(lab.registry()[lab.name("orders")])) == {"LambdaECRImageRetrievalPolicy"}
    stack.update({"Fleet": lab.fleet("orders", PushPrincipals=[OTHER], PolicyMode="Exclusive")})
    assert set(statements(lab.registry()[lab.name("orders")])) == {"EcrStewardPush"}


def test_the_world_is_let_in_only_on_demand(lab: Lab) -> None:
    lab.stack().create({"Fleet": lab.fleet("orders", PullPrincipals=["*"], AllowPublicPrincipals="true")})
    principal = statements(lab.registry()[lab.name("orders")])["EcrStewardPull"]["Principal"]
    assert principal == "*" or as_list(principal["AWS"]) == ["*"]


# Rows: 54.
def test_stack_tags_are_propagated_at_the_lowest_precedence(lab: Lab) -> None:
    stack = lab.stack()
    on = lab.fleet("orders", PropagateStackTags="true", Tags={"team": "fleet"})
    stack.create({"Fleet": on}, tags={"team": "stack", "cost": "7"})
    tags = lab.registry()[lab.name("orders")]["tags"]
    assert (tags["team"], tags["cost"]) == ("fleet", "7")
    stack.update({"Fleet": lab.fleet("orders", PropagateStackTags="true")}, tags={"cost": "8", "new": "x"})
    tags = lab.registry()[lab.name("orders")]["tags"]
    assert (tags["cost"], tags["new"]) == ("8", "x")
    assert "team" not in tags
    stack.update({"Fleet": lab.fleet("orders")}, tags={"cost": "8", "new": "x"})
    assert set(lab.registry()[lab.name("orders")]["tags"]) == {
        "Project", "Environment", "ManagedBy", "ecr-steward:owner", "ecr-steward:stack"}


# Rows: 54.
def test_tags_of_others_stay(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", Tags={"team": "a"})})
    arn = lab.registry()[lab.name("orders")]["arn"]
    cloud.client("ecr").tag_resource(resourceArn=arn, tags=[{"Key": "somebody", "Value": "else"}])
    stack.update({"Fleet": lab.fleet("orders")})
    tags = lab.registry()[lab.name("orders")]["tags"]
    assert tags["somebody"] == "else"
    assert "team" not in tags


def test_the_scan_flag_is_not_written_where_the_registry_scans(lab: Lab, cloud: Cloud) -> None:
    stack, ecr = lab.stack(), cloud.client("ecr")
    stack.create({"Fleet": lab.fleet("orders", ScanOnPush=True)})
    kept = ecr.get_registry_scanning_configuration()["scanningConfiguration"]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    try:
        with cloud.counting() as writes:
            stack.update({"Fleet": lab.fleet("orders", ScanOnPush=False)})
        assert writes == {}
        decided = [line for line in cloud.log(stack.id) if line["message"] == "request decided"]
        assert "governed by the registry" in decided[-1]["reason"]
    finally:
        ecr.put_registry_scanning_configuration(**kept)
    stack.update({"Fleet": lab.fleet("orders", ScanOnPush=False, MaxImageCount=9)})
    assert lab.registry()[lab.name("orders")]["scan"] is False
