"""An account full of repositories somebody made by hand, written down as a template, and deployed."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest
from cloud import Cloud
from stacks import Lab, listed
from terminal import ecr_steward

REPOSITORIES = 300
# Names are one line each; twelve settings with their policies may take a little more than as many again.
MOST_LINES = 700
KMS = {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"}
OURS = {"Project", "Environment", "ManagedBy", "ecr-steward:owner", "ecr-steward:stack"}
Run = Callable[..., subprocess.CompletedProcess]


def rules(*rules: tuple[dict[str, Any], dict[str, Any]], first: int = 1) -> str:
    """A lifecycle policy as a hand would format it."""
    made = [{"rulePriority": first + index, "description": f"rule {index}", "action": {"type": "expire"},
             "selection": tags | count} for index, (tags, count) in enumerate(rules)]
    return json.dumps({"rules": made}, indent=4)


UNTAGGED, ANY = {"tagStatus": "untagged"}, {"tagStatus": "any"}
KEEPER = ({"tagStatus": "tagged", "tagPatternList": ["latest"]}, {"countType": "imageCountMoreThan", "countNumber": 999999})


def releases(prefix: str, most: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return ({"tagStatus": "tagged", "tagPrefixList": [prefix]}, {"countType": "imageCountMoreThan", "countNumber": most})


def days(tags: dict[str, Any], number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    return (tags, {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": number})


NUMBERS = rules(KEEPER, releases("v", 25), days(UNTAGGED, 1), days(ANY, 30))
RELEASES = rules(KEEPER, releases("release-", 10), days(UNTAGGED, 7), days(ANY, 90))
TWO_WEEKS = rules(days(UNTAGGED, 14), first=10)
MANY = rules(*(releases(f"team{number}-", number) for number in range(1, 9)), days(ANY, 365))
PARTNER = ('{ "Version" : "2008-10-17",\n  "Statement" : [ {"Sid":"partner", "Effect":"Allow",\n'
           '    "Principal":{"AWS":"arn:aws:iam::444455556666:root"}, "Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]} ] }')
LAMBDA = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Sid": "LambdaECRImageRetrievalPolicy", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
     "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]}, indent=1)
# What CreateRepository is told, the lifecycle policy, the repository policy.
SETTINGS: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({}, None, None),
    ({"imageTagMutability": "IMMUTABLE"}, NUMBERS, None),
    ({"imageScanningConfiguration": {"scanOnPush": True}}, NUMBERS, PARTNER),
    ({"encryptionConfiguration": KMS}, None, None),
    ({}, NUMBERS, LAMBDA),
    ({}, TWO_WEEKS, None),
    ({"imageTagMutability": "IMMUTABLE"}, MANY, PARTNER),
    ({}, None, PARTNER),
    ({"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
      "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}]}, RELEASES, None),
    ({"tags": listed({"Project": "somebody", "team": "payments"})}, RELEASES, LAMBDA),
    ({"imageScanningConfiguration": {"scanOnPush": True}}, MANY, None),
    ({"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True},
      "encryptionConfiguration": KMS}, TWO_WEEKS, LAMBDA),
]


@pytest.fixture(scope="module")
def steward(cloud: Cloud) -> Run:
    """`ecr-steward`, with the installation's prefix."""
    return lambda *words: ecr_steward(cloud.variables, *words, "--parameter-prefix", cloud.prefix)


def by_hand(lab: Lab, cloud: Cloud) -> None:
    """Three hundred repositories, twelve settings."""
    def make(number: int) -> None:
        ecr, name = cloud.client("ecr"), f"{lab.project}-prod-service-{number:03}"
        created, lifecycle, policy = SETTINGS[number % len(SETTINGS)]
        ecr.create_repository(repositoryName=name, **created)
        if lifecycle:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle)
        if policy:
            ecr.set_repository_policy(repositoryName=name, policyText=policy)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(REPOSITORIES)))


def policies(lab: Lab, cloud: Cloud, names: list[str]) -> dict[str, tuple[str | None, str | None]]:
    """Both policies of each as ECR gives them, byte for byte."""
    ecr = cloud.client("ecr")

    def text(read: Callable[..., dict[str, Any]], member: str, name: str) -> str | None:
        try:
            return read(repositoryName=name)[member]
        except (ecr.exceptions.LifecyclePolicyNotFoundException, ecr.exceptions.RepositoryPolicyNotFoundException):
            return None

    return {name: (text(ecr.get_lifecycle_policy, "lifecyclePolicyText", name),
                   text(ecr.get_repository_policy, "policyText", name)) for name in names}


def test_an_account_is_taken_over_by_a_small_template_that_changes_nothing(
        lab: Lab, cloud: Cloud, steward: Run, tmp_path: Path, record_property: Callable[[str, Any], None]) -> None:
    by_hand(lab, cloud)
    before = lab.registry()
    texts = policies(lab, cloud, list(before))
    assert len(before) == REPOSITORIES

    with cloud.counting() as writes:
        adopted = steward("adopt", "--pattern", f"{lab.project}-*", "--format", "template")
    assert (adopted.returncode, writes) == (0, {}), adopted.stderr
    lines = len(adopted.stdout.splitlines())
    record_property("lines", lines)
    print(adopted.stderr.strip())
    assert f"{lines} lines; 0 left out" in adopted.stderr
    assert lines <= MOST_LINES
    template = tmp_path / "adopted.yaml"
    template.write_text(adopted.stdout)

    checked = json.loads(steward("check", str(template), "--format", "json").stdout)["declarations"]
    named = [name for one in checked for name in one["repositories"]]
    assert sorted(named) == sorted(before)
    for one in checked:
        planned = steward("plan", str(template), "--logical-id", one["logicalId"], "--state-bucket", cloud.bucket,
                          "--parameter", f"ProviderStackName={cloud.installation}", "--format", "json")
        assert planned.returncode == 1, planned.stderr
        plan = json.loads(planned.stdout)
        assert plan["blocked"] == []
        assert {step["action"] for step in plan["steps"]} == {"ecr:TagResource"}
        assert len(plan["steps"]) == len(one["repositories"])

    stack = lab.stack()
    stack.patience = 600
    with cloud.counting() as writes:
        stack.id = cloud.client("cloudformation").create_stack(
            StackName=stack.name, TemplateBody=adopted.stdout,
            Parameters=[{"ParameterKey": "ProviderStackName", "ParameterValue": cloud.installation}])["StackId"]
        stack.wait("CREATE_COMPLETE")
    assert writes == {"TagResource": REPOSITORIES}
    assert policies(lab, cloud, list(before)) == texts
    after = lab.registry()
    for name, one in before.items():
        assert after[name] | {"tags": None} == one | {"tags": None}
        assert after[name]["tags"].keys() == one["tags"].keys() | OURS
        assert after[name]["tags"].items() >= one["tags"].items()
    assert cloud.parameters(lab.project) == {}

    outputs = steward("outputs", "--stack", stack.name, "--state-bucket", cloud.bucket, "--format", "env")
    assert outputs.returncode == 0, outputs.stderr
    assert len(outputs.stdout.splitlines()) == REPOSITORIES
    registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert f"SERVICE_007_REPOSITORY_URL='{registry}/{lab.project}-prod-service-007'" in outputs.stdout
    again = steward("adopt", "--pattern", f"{lab.project}-*")
    assert (again.returncode, again.stdout) == (1, "")
    assert f"it is managed already, by stack {stack.name}" in again.stderr
