"""From Terraform to ecr-steward: what Terraform manages is declared as it is, and Terraform forgets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from terraform_cli import HERE, Terraform, actions
from world import Steward, World, documents

FLEET = "Custom::EcrRepositories"


def plans(steward: Steward, world: World, spec: Path) -> dict[str, list[str]]:
    """The writes that each fleet of a file would need."""
    planned = {}
    for one in documents(spec.read_text()):
        if one["Type"] == FLEET:
            which = ["--logical-id", one["LogicalId"]] if "LogicalId" in one else []
            done = steward("plan", str(spec), *which, "--state-bucket", world.bucket, "--format", "json")
            plan = json.loads(done.stdout)
            assert plan["blocked"] == [], plan["blocked"]
            planned[one.get("LogicalId", "")] = [step["action"] for step in plan["steps"]]
    return planned


@pytest.mark.usefixtures("installed")
def test_a_configuration_of_twenty_repositories_moves_in(
        variables: dict[str, str], world: World, steward: Steward, tmp_path: Path) -> None:
    terraform = Terraform(tmp_path / "configuration", "moving", variables, project=world.project)
    terraform.apply()
    repositories, registry = world.repositories(), world.registry()
    assert len(repositories) == 20

    spec, blocks = tmp_path / "spec.json", terraform.folder / "removed.tf"
    done = steward("adopt", "--from-terraform", "-", "--removed-blocks", str(blocks), "--format", "spec", "--as", "json",
                   "--region", world.region, given=terraform.show())
    assert done.returncode == 0, done.stderr
    spec.write_text(done.stdout)

    # Every declaration is sound, and planning the fleets on the same world shows our tags alone.
    checked = steward("check", str(spec))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    planned = plans(steward, world, spec)
    assert sum(map(len, planned.values())) == 20
    assert {action for steps in planned.values() for action in steps} == {"ecr:TagResource"}

    # With the blocks in place of what they name, Terraform forgets and destroys nothing.
    terraform.reconfigure('resource "terraform_data" "other" {\n  input = "stays"\n}\n')
    plan = terraform.plan()
    forgotten = len(terraform.managed()) - 1
    assert actions(plan) == {"forget": forgotten, "no-op": 1}, plan["text"]
    assert forgotten > 20 and f"to name {forgotten} objects" in blocks.read_text()
    terraform.run("apply", "-input=false", "planned")
    assert terraform.managed() == ["terraform_data.other"]
    assert (world.repositories(), world.registry()) == (repositories, registry)


@pytest.mark.usefixtures("installed")
def test_a_plan_says_the_same_as_the_state_and_half_a_plan_is_refused(
        variables: dict[str, str], world: World, steward: Steward, tmp_path: Path) -> None:
    terraform = Terraform(tmp_path / "configuration", "moving", variables, project=world.project)
    terraform.run("plan", "-input=false", "-out=planned")
    early = steward("adopt", "--from-terraform", "-", given=terraform.run("show", "-json", "planned"))
    assert early.returncode == 2 and "nothing of this plan exists yet" in early.stderr, early.stderr
    saved = steward("adopt", "--from-terraform", str(terraform.folder / "planned"))
    assert saved.returncode == 2 and "saved plan" in saved.stderr, saved.stderr

    terraform.apply()
    raw = steward("adopt", "--from-terraform", str(terraform.folder / "terraform.tfstate"))
    assert raw.returncode == 2 and "raw state" in raw.stderr, raw.stderr
    source = steward("adopt", "--from-terraform", str(terraform.folder / "main.tf"))
    assert source.returncode == 2 and "not JSON" in source.stderr, source.stderr

    of_state = steward("adopt", "--from-terraform", "-", "--region", world.region, given=terraform.show())
    terraform.run("plan", "-input=false", "-out=planned")
    of_plan = steward("adopt", "--from-terraform", "-", "--region", world.region,
                      given=terraform.run("show", "-json", "planned"))
    assert (of_plan.returncode, of_plan.stdout) == (0, of_state.stdout), of_plan.stderr

    # A repository that the plan would make has no values yet.
    more = 'module "more" {\n  source = "./modules/ecr"\n  name   = "%s/prod/more"\n}\n' % world.project
    (terraform.folder / "more.tf").write_text(more)
    terraform.prepare()
    terraform.run("plan", "-input=false", "-out=planned")
    late = steward("adopt", "--from-terraform", "-", given=terraform.run("show", "-json", "planned"))
    assert late.returncode == 2 and "module.more.aws_ecr_repository.this[0]: this plan would make it" in late.stderr
    assert late.stdout == ""


def remake(world: World, state: dict[str, Any]) -> None:
    """The repositories of a recorded state, as its provider made them."""
    ecr = world.cloud.client("ecr")

    def walk(module: dict[str, Any]) -> None:
        for one in module.get("resources", []):
            values = one["values"]
            if one["type"] == "aws_ecr_repository":
                encryption = values["encryption_configuration"][0]
                key = {"kmsKey": encryption["kms_key"]} if encryption["kms_key"] else {}
                ecr.create_repository(
                    repositoryName=values["name"], imageTagMutability=values["image_tag_mutability"],
                    imageScanningConfiguration={"scanOnPush": values["image_scanning_configuration"][0]["scan_on_push"]},
                    encryptionConfiguration={"encryptionType": encryption["encryption_type"], **key},
                    tags=[{"Key": key, "Value": value} for key, value in (values["tags_all"] or {}).items()])
        for one in module.get("resources", []):
            values = one["values"]
            if one["type"] == "aws_ecr_lifecycle_policy":
                ecr.put_lifecycle_policy(repositoryName=values["repository"], lifecyclePolicyText=values["policy"])
            if one["type"] == "aws_ecr_repository_policy":
                ecr.set_repository_policy(repositoryName=values["repository"], policyText=values["policy"])
        for child in module.get("child_modules", []):
            walk(child)

    walk(state["values"]["root_module"])


@pytest.mark.parametrize(("recorded", "root", "count"), [("official", "shop", 20), ("cloudposse", "", 3)])
def test_recorded_states_of_the_two_best_known_modules_move_in(
        world: World, steward: Steward, tmp_path: Path, recorded: str, root: str, count: int) -> None:
    # Names of the test's own instead of those recorded.
    text = (HERE / "recorded" / f"{recorded}.json").read_text()
    if root:
        text = text.replace(f"{root}/prod/", f"{world.project}/prod/")
    else:
        for name in ("nginx", "redis", "tools/builder"):
            text = text.replace(f'"{name}"', f'"{world.project}/{name}"')
            text = text.replace(f":repository/{name}", f":repository/{world.project}/{name}")
    remake(world, json.loads(text))
    before = world.repositories()
    assert len(before) == count
    done = steward("adopt", "--from-terraform", "-", "--format", "spec", "--as", "json", "--region", "us-east-1",
                   given=text)
    # The official module's template for repositories has no words here.
    assert done.returncode == (1 if recorded == "official" else 0), done.stderr
    spec = tmp_path / "spec.json"
    spec.write_text(done.stdout)
    planned = plans(steward, world, spec)
    assert sum(map(len, planned.values())) == count
    assert {action for steps in planned.values() for action in steps} == {"ecr:TagResource"}
    assert world.repositories() == before
