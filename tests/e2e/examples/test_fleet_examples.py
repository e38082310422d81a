"""Examples of repositories: what each of them promises, seen in ECR."""

from __future__ import annotations

import json
import uuid
from typing import Callable

import pytest
from cloud import Cloud
from samples import SERVICES, Microservices, Sample

ACCOUNT, REGION = "123456789012", "us-east-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
PUSH = PULL | {"ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"}
Make = Callable[..., Sample]


@pytest.fixture
def project() -> str:
    """A project of the test's own."""
    return f"e2e-{uuid.uuid4().hex[:8]}"


def statements(document: dict) -> dict[str, dict]:
    """The statements of a policy by Sid."""
    return {one["Sid"]: one for one in document["Statement"]}


def listed(value: str | list[str]) -> set[str]:
    """A policy may write a list of one as that one."""
    return {value} if isinstance(value, str) else set(value)


def test_microservices_makes_four_private_repositories(microservices: Microservices, cloud: Cloud) -> None:
    found = cloud.registry(f"{microservices.project}-dev-")
    assert set(found) == {microservices.name(service) for service in SERVICES}
    for one in found.values():
        assert (one["mutability"], one["scan"], one["policy"]) == ("MUTABLE", True, None)
        assert one["encryption"]["encryptionType"] == "AES256"
        assert (one["tags"]["Project"], one["tags"]["Environment"]) == (microservices.project, "dev")


def test_microservices_returns_urls_arns_and_commands(microservices: Microservices) -> None:
    outputs = microservices.outputs
    names = {service: microservices.name(service) for service in SERVICES}
    assert json.loads(outputs["RepositoryUrls"]) == {short: f"{HOST}/{name}" for short, name in names.items()}
    assert json.loads(outputs["RepositoryArns"]) == {
        short: f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}" for short, name in names.items()}
    assert outputs["DockerLoginCommand"].endswith(f"docker login --username AWS --password-stdin {HOST}")
    commands = json.loads(outputs["DockerCommands"])
    assert set(commands) == set(SERVICES)
    url = f"{HOST}/{names['order-service']}:latest"
    assert commands["order-service"] == {"build": "docker build -t order-service .",
                                         "tag": f"docker tag order-service:latest {url}", "push": f"docker push {url}"}
    assert outputs["K8sImagePullSecret"].startswith(
        f"kubectl create secret docker-registry ecr-secret --docker-server={HOST} --docker-username=AWS ")


def test_microservices_writes_the_lifecycle_rules_that_mean_what_was_promised(
        microservices: Microservices, cloud: Cloud) -> None:
    rules = cloud.registry(microservices.name("payment-service"))[microservices.name("payment-service")]["lifecycle"]
    keeper, releases, untagged, rest = (rule["selection"] for rule in rules["rules"])
    assert keeper["tagPatternList"] == ["latest"]
    assert (releases["tagPrefixList"], releases["countType"], releases["countNumber"]) == (
        ["v"], "imageCountMoreThan", 10)
    assert (untagged["tagStatus"], untagged["countType"], untagged["countNumber"]) == (
        "untagged", "sinceImagePushed", 1)
    assert (rest["tagStatus"], rest["countType"], rest["countNumber"]) == ("any", "sinceImagePushed", 30)


def test_every_parameter_of_microservices_reaches_ecr(sample: Make, cloud: Cloud, project: str) -> None:
    stack = sample()
    outputs = stack.deploy(
        "microservices.yaml", ProjectName=project, Environment="prod", RepositoryNames="cart,search",
        ImageTagMutability="IMMUTABLE", ScanOnPush="false", EncryptionType="KMS", MaxImageCount="7",
        ImageRetentionDays="60", MaxUntaggedImages="5")
    found = cloud.registry(f"{project}-")
    assert set(found) == {f"{project}-prod-cart", f"{project}-prod-search"}
    assert set(json.loads(outputs["RepositoryUrls"])) == {"cart", "search"}
    for one in found.values():
        assert (one["mutability"], one["scan"]) == ("IMMUTABLE", False)
        assert one["encryption"]["encryptionType"] == "KMS"
        counts = [rule["selection"]["countNumber"] for rule in one["lifecycle"]["rules"]]
        assert (counts[1], counts[3]) == (7, 60)
    # Enforced by the drift function, from what is written down of the fleet.
    document = cloud.object(f"outputs/{stack.guid}/Repositories.json")
    assert document["Repositories"]["cart"]["Settings"]["MaxUntaggedImages"]["value"] == 5


def test_kms_encrypts_with_a_key_of_its_own(sample: Make, cloud: Cloud, project: str) -> None:
    outputs = sample().deploy("kms.yaml", ProjectName=project)
    found = cloud.registry(f"{project}/prod/")
    assert set(found) == {f"{project}/prod/gateway", f"{project}/prod/ledger"}
    [key] = {one["encryption"]["kmsKey"] for one in found.values()}
    assert key.startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
    for one in found.values():
        assert one["encryption"]["encryptionType"] == "KMS"
        assert (one["mutability"], one["exclusions"]) == ("IMMUTABLE_WITH_EXCLUSION", ["latest"])
    ledger, gateway = found[f"{project}/prod/ledger"], found[f"{project}/prod/gateway"]
    assert (ledger["tags"]["Auditor"], "Auditor" in gateway["tags"]) == ("finance", False)
    assert outputs["LedgerArn"] == ledger["arn"]


def test_cross_account_lets_in_whom_it_names_to_do_what_each_needs(sample: Make, cloud: Cloud) -> None:
    outputs = sample().deploy("cross-account.yaml")
    found = cloud.registry("platform-shared-")
    assert set(found) == {"platform-shared-api", "platform-shared-worker", "platform-shared-base-image"}
    api, worker, base = (statements(found[f"platform-shared-{name}"]["policy"])
                         for name in ("api", "worker", "base-image"))
    assert listed(api["EcrStewardPush"]["Principal"]["AWS"]) == {"arn:aws:iam::111122223333:role/image-builder"}
    assert set(api["EcrStewardPush"]["Action"]) == PUSH
    assert listed(api["EcrStewardPull"]["Principal"]["AWS"]) == {
        "arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:root"}
    assert set(api["EcrStewardPull"]["Action"]) == PULL
    assert "arn:aws:lambda:us-east-1:444455556666:function:worker-*" in json.dumps(worker["EcrStewardLambdaPull"])
    assert "o-a1b2c3d4e5" in json.dumps(base["EcrStewardPullOrganization"]["Condition"])
    assert set(api) == {"EcrStewardPush", "EcrStewardPull"}
    [log_in] = json.loads(outputs["AuthorizationPolicy"])["Statement"]
    assert (log_in["Action"], log_in["Resource"]) == ("ecr:GetAuthorizationToken", "*")


def test_the_other_side_of_cross_account_allows_the_same_actions_and_the_login(sample: Make, cloud: Cloud) -> None:
    pull = sample().deploy("cross-account-pull.yaml")
    iam = cloud.client("iam")
    version = iam.get_policy(PolicyArn=pull["PolicyArn"])["Policy"]["DefaultVersionId"]
    allowed = statements(iam.get_policy_version(PolicyArn=pull["PolicyArn"], VersionId=version)
                         ["PolicyVersion"]["Document"])
    assert listed(allowed["LogIn"]["Action"]) == {"ecr:GetAuthorizationToken"}
    assert set(allowed["Pull"]["Action"]) == PULL
    assert allowed["Pull"]["Resource"] == f"arn:aws:ecr:{REGION}:555566667777:repository/platform-shared-*"
    role = pull["TaskExecutionRoleArn"].rpartition("/")[2]
    [attached] = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached["PolicyArn"] == pull["PolicyArn"]

    push = sample().deploy("cross-account-push.yaml")
    # The very role that examples/cross-account.yaml names.
    assert push["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/image-builder"
    document = iam.get_role_policy(RoleName="image-builder", PolicyName="push-images")["PolicyDocument"]
    assert set(statements(document)["Push"]["Action"]) == PUSH
    assert statements(document)["LogIn"]["Action"] == "ecr:GetAuthorizationToken"
    [trust] = iam.get_role(RoleName="image-builder")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"].startswith("repo:")


def test_adoption_takes_over_what_exists_and_hands_it_back(sample: Make, cloud: Cloud, project: str) -> None:
    ecr, names = cloud.client("ecr"), [f"{project}-frontend", f"{project}-backend"]
    for name in names:
        ecr.create_repository(repositoryName=name, tags=[{"Key": "team", "Value": "web"}])
        cloud.push_image(name, "v1")
    before = cloud.registry(project)
    stack = sample()
    try:
        outputs = stack.deploy("adoption.yaml", RepositoryNames=",".join(names))
        assert set(json.loads(outputs["RepositoryUrls"])) == set(names)
        for name, one in cloud.registry(project).items():
            assert one["tags"]["ecr-steward:owner"] == stack.owner("Repositories")
            assert (one["tags"]["team"], one["images"]) == ("web", before[name]["images"])
        stack.delete()
        for name, one in cloud.registry(project).items():
            assert one["images"] == before[name]["images"]
            assert not [key for key in one["tags"] if key.startswith("ecr-steward:")]
    finally:
        stack.end()
        for name in names:
            ecr.delete_repository(repositoryName=name, force=True)


@pytest.mark.parametrize(("example", "stored"), (
    ("baseline.yaml", "declarations/baseline.json"), ("findings-policy.yaml", "declarations/findings-policy.json")))
def test_what_there_is_once_is_kept_in_the_state_bucket(sample: Make, cloud: Cloud, example: str, stored: str) -> None:
    stack = sample()
    more = {"SlackSecret": f"{cloud.prefix}/secrets/slack-url"} if example == "findings-policy.yaml" else {}
    outputs = stack.deploy(example, **more)
    assert outputs["DeclarationUri"] == f"s3://{cloud.bucket}/{stored}"
    assert cloud.object(stored)["owner"]["stack"]["arn"] == stack.id
    stack.delete()
    assert cloud.object(stored) is None
