"""Terraform sees no difference in what a fleet has made, for all that both can say."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloud import Cloud
from stacks import Lab
from terraform_cli import Terraform, actions

# What Terraform compares, by resource; it reads them from ECR when it imports. Tags are all but our own, which the
# provider is told to leave out.
COMPARED = {
    "aws_ecr_repository": {"name", "image_tag_mutability", "image_scanning_configuration", "encryption_configuration",
                           "tags", "tags_all"},
    "aws_ecr_lifecycle_policy": {"repository", "policy"},
    "aws_ecr_repository_policy": {"repository", "policy"},
}
NAMES = ["api", "web", "jobs"]


@pytest.mark.usefixtures("installed")
def test_terraform_plans_no_change_of_what_a_fleet_has_made(
        cloud: Cloud, variables: dict[str, str], lab: Lab, tmp_path: Path) -> None:
    untagged = {"rulePriority": 10, "description": "Untagged images go after three days", "action": {"type": "expire"},
                "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days",
                              "countNumber": 3}}
    lab.stack().create({"Fleet": lab.fleet(
        *NAMES, ImageTagMutability="IMMUTABLE", ScanOnPush=True, EncryptionType="KMS",
        KmsKey="arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555",
        LifecyclePolicy={"rules": [untagged]}, PullPrincipals=["210987654321"],
        Tags={"CostCentre": "4711", "Team": "shop"})})

    terraform = Terraform(tmp_path / "configuration", "shared", variables, project=lab.project, names=NAMES)
    plan = terraform.plan()
    assert actions(plan) == {"no-op": 9}, plan["text"]
    for one in plan["resource_changes"]:
        change = one["change"]
        assert change["importing"], one["address"]
        compared = COMPARED[one["type"]]
        assert {key: change["before"][key] for key in compared} == {key: change["after"][key] for key in compared}

    # Once they are imported, which writes nothing but the state, there is nothing left to do.
    with cloud.counting() as written:
        terraform.apply()
    assert written == {}
    terraform.run("plan", "-input=false", "-detailed-exitcode", fine=(0, 2))
    assert terraform.status == 0

    # It would have been seen.
    cloud.client("ecr").put_image_tag_mutability(repositoryName=lab.name("api"), imageTagMutability="MUTABLE")
    terraform.run("plan", "-input=false", "-detailed-exitcode", fine=(0, 2))
    assert terraform.status == 2
