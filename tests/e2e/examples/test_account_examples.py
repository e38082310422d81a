"""Examples for several accounts, as far as one account reaches: an organisation's stack sets, and replication."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from contextlib import suppress
from typing import Any, Callable, Iterator

import pytest
from cloud import Cloud
from samples import EXAMPLES, Sample, parsed
from stacks import uninstall

Make = Callable[..., Sample]
NAME = "ecr-steward-organization"
PREFIX = "/ecr-steward-organization"
JQ = shutil.which("jq")


def stack_sets() -> dict[str, dict[str, Any]]:
    """The stack sets of the example, by logical id."""
    resources = parsed((EXAMPLES / "organization-stackset.yaml").read_text())["Resources"]
    return {name: one["Properties"] for name, one in resources.items() if one["Type"].endswith("::StackSet")}


def test_stack_sets_reach_new_accounts_in_order_and_leave_old_ones_alone() -> None:
    provider, governance = stack_sets()["Provider"], stack_sets()["Governance"]
    for one in (provider, governance):
        assert one["PermissionModel"] == "SERVICE_MANAGED"
        assert one["AutoDeployment"]["Enabled"] is True
        assert one["AutoDeployment"]["RetainStacksOnAccountRemoval"] is True
        assert one["OperationPreferences"]["MaxConcurrentPercentage"] < 100
    [after] = governance["AutoDeployment"]["DependsOn"]
    assert after.endswith(":stackset/${Provider}")
    assert provider["Capabilities"] == ["CAPABILITY_IAM"]
    # What such a stack set does not take.
    inner = parsed(governance["TemplateBody"])
    assert "Transform" not in inner
    assert not [one for one in inner["Resources"].values() if one["Type"] == "AWS::CloudFormation::Stack"]


@pytest.fixture(scope="module")
def member(cloud: Cloud) -> Iterator[Sample]:
    """ecr-steward in a member account: the processed template, made fit as the example says, under a stack set's name."""
    if JQ is None:
        pytest.skip("no jq here; the template for stack sets was not made")
    cloudformation, s3 = cloud.client("cloudformation"), cloud.client("s3")
    processed = cloudformation.get_template(StackName=cloud.installation, TemplateStage="Processed")["TemplateBody"]
    text = processed if isinstance(processed, str) else json.dumps(processed)
    code = [one["Properties"]["Code"] for one in json.loads(text)["Resources"].values()
            if one["Type"] == "AWS::Lambda::Function"]
    buckets, store = f"code-{uuid.uuid4().hex[:8]}", Sample(cloud)
    bucket = store.deploy("organization/code-bucket.yaml", Prefix=buckets)["BucketName"]
    assert bucket == f"{buckets}-{cloud.variables['AWS_REGION']}"
    keys = {one["S3Key"]: one["S3Bucket"] for one in code}
    for key, source in keys.items():
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": source, "Key": key})
    done = subprocess.run([JQ, "-f", str(EXAMPLES / "organization" / "provider.jq"), "--arg", "name", NAME, "--arg",
                           "buckets", buckets], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    architecture = next(one["ParameterValue"] for one in cloudformation.describe_stacks(
        StackName=cloud.installation)["Stacks"][0]["Parameters"] if one["ParameterKey"] == "Architecture")
    stack = Sample(cloud, f"StackSet-{NAME}-{uuid.uuid4()}")
    s3.put_object(Bucket=bucket, Key="provider.json", Body=done.stdout.encode())
    stack.deploy_text(done.stdout, url=f"{cloud.variables['AWS_ENDPOINT_URL']}/{bucket}/provider.json",
                      ParameterPrefix=PREFIX, Architecture=architecture)
    yield stack
    # Logs outlive an installation.
    resources = cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    uninstall(cloud, stack, "StateBucket")
    logs = cloud.client("logs")
    for one in (one for one in resources if one["ResourceType"] == "AWS::Logs::LogGroup"):
        with suppress(logs.exceptions.ResourceNotFoundException):
            logs.delete_log_group(logGroupName=one["PhysicalResourceId"])
    uninstall(cloud, store, "Code")


def test_the_processed_template_deploys_under_the_names_others_refer_to(member: Sample, cloud: Cloud) -> None:
    exports = {one["Name"]: one["Value"] for one in cloud.client("cloudformation").list_exports()["Exports"]}
    assert exports[f"{NAME}-ServiceToken"] == member.shown["ServiceToken"]
    assert member.shown["EventBusName"] == NAME
    assert member.shown["ServiceToken"] != cloud.service_token
    token = cloud.client("ssm").get_parameter(Name=f"{PREFIX}/service-token")["Parameter"]["Value"]
    assert token == member.shown["ServiceToken"]


@pytest.mark.skipif(JQ is None, reason="no jq here; the template for stack sets was not made")
def test_a_template_before_its_transform_is_refused() -> None:
    done = subprocess.run(
        [str(JQ), "-f", str(EXAMPLES / "organization" / "provider.jq"), "--arg", "name", "x", "--arg", "buckets", "y"],
        input=json.dumps({"Resources": {"F": {"Type": "AWS::Serverless::Function"}}}), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0 and "--template-stage Processed" in done.stderr


def test_the_governance_stack_holds_a_member_to_a_baseline_and_scans_its_registry(
        member: Sample, sample: Make, cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    before = registry_settings(ecr)
    stack = sample(f"StackSet-ecr-governance-{uuid.uuid4()}")
    try:
        # The account's own choice, which stays.
        ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
        outputs = stack.deploy_text(stack_sets()["Governance"]["TemplateBody"], ProviderStackName=NAME)
        assert outputs["BaselineUri"] == f"s3://{member.shown['StateBucketName']}/declarations/baseline.json"
        shown = registry_settings(ecr)
        assert (shown["scanning"]["scanType"], shown["mounting"]) == ("ENHANCED", "ENABLED")
        [rule] = shown["scanning"]["rules"]
        assert (rule["scanFrequency"], [one["filter"] for one in rule["repositoryFilters"]]) == ("SCAN_ON_PUSH", ["*"])
        stack.delete()
        # Retained, as it says.
        assert registry_settings(ecr) == shown
    finally:
        ecr.put_registry_scanning_configuration(**before["scanning"])
        ecr.put_account_setting(name="BLOB_MOUNTING", value=before["mounting"])


def test_replication_adds_its_rule_and_takes_it_away_again(sample: Make, cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    before = ecr.describe_registry()["replicationConfiguration"]["rules"]
    stack = sample()
    outputs = stack.deploy("replication.yaml", DestinationRegion="eu-west-1", DestinationAccount="444455556666")
    assert outputs["DeclarationUri"] == f"s3://{cloud.bucket}/owners/registry.json"
    account = stack.id.split(":")[4]
    rules = [one for one in ecr.describe_registry()["replicationConfiguration"]["rules"] if one not in before]
    [rule] = rules
    assert {(one["region"], one["registryId"]) for one in rule["destinations"]} == {
        ("eu-west-1", account), ("eu-west-1", "444455556666")}
    assert rule["repositoryFilters"] == [{"filter": "payments/", "filterType": "PREFIX_MATCH"}]
    stack.delete()
    assert ecr.describe_registry()["replicationConfiguration"]["rules"] == before


def test_the_destination_lets_the_source_in_and_dresses_the_copies(sample: Make, cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    stack = sample()
    stack.deploy("replication-destination.yaml", SourceAccount="111122223333")
    policy = json.loads(ecr.get_registry_policy()["policyText"])
    [statement] = [one for one in policy["Statement"] if "ecr:ReplicateImage" in one["Action"]]
    assert statement["Sid"].startswith("EcrSteward")
    assert "ecr:CreateRepository" in statement["Action"]
    assert "111122223333" in json.dumps(statement["Principal"])
    [template] = ecr.describe_repository_creation_templates(prefixes=["payments"])["repositoryCreationTemplates"]
    assert template["appliedFor"] == ["REPLICATION"]
    assert {one["Key"]: one["Value"] for one in template["resourceTags"]} == {
        "replica": "true", "source-account": "111122223333"}
    assert [one["rulePriority"] for one in json.loads(template["lifecyclePolicy"])["rules"]] == [1, 2]
    role = template["customRoleArn"].rpartition("/")[2]
    [document] = [cloud.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                  for name in cloud.client("iam").list_role_policies(RoleName=role)["PolicyNames"]]
    assert set(document["Statement"][0]["Action"]) == {"ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"}
    stack.delete()
    assert ecr.describe_repository_creation_templates()["repositoryCreationTemplates"] == []
    with pytest.raises(ecr.exceptions.RegistryPolicyNotFoundException):
        ecr.get_registry_policy()


def test_a_destination_in_the_same_account_needs_no_registry_policy(sample: Make, cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    sample().deploy("replication-destination.yaml", SourceAccount="")
    with pytest.raises(ecr.exceptions.RegistryPolicyNotFoundException):
        ecr.get_registry_policy()
    [template] = ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]
    tags = {one["Key"]: one["Value"] for one in template["resourceTags"]}
    assert (template["prefix"], tags["source-account"]) == ("payments", cloud.service_token.split(":")[4])


def test_the_registrys_settings_are_all_there_and_go_again(sample: Make, cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    before = registry_settings(ecr)
    secret = cloud.client("secretsmanager").create_secret(
        Name=f"ecr-pullthroughcache/{uuid.uuid4().hex[:8]}", SecretString='{"username": "u", "accessToken": "t"}')
    stack = sample()
    try:
        stack.deploy("registry.yaml", DockerHubSecret=secret["ARN"].rpartition("/")[2])
        shown = registry_settings(ecr)
        assert shown["scanning"]["scanType"] == "ENHANCED"
        assert {one["scanFrequency"]: sorted(filter["filter"] for filter in one["repositoryFilters"])
                for one in shown["scanning"]["rules"]} == {"CONTINUOUS_SCAN": ["payments", "prod/*"],
                                                           "SCAN_ON_PUSH": ["*"]}
        assert [one["repositoryFilters"][0]["filter"] for one in shown["replication"]] == ["prod/"]
        assert set(shown["caches"]) == {"docker-hub", "ecr-public", "k8s", "quay"}
        assert set(shown["templates"]) == {"ROOT"}
        assert len(shown["exclusions"]) == 1
        assert shown["policy"]
        assert shown["mounting"] == "ENABLED"
        stack.delete()
        assert registry_settings(ecr) == before
    finally:
        cloud.client("secretsmanager").delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


def registry_settings(ecr: Any) -> dict[str, Any]:
    """All that a registry has once."""
    try:
        policy = json.loads(ecr.get_registry_policy()["policyText"])["Statement"]
    except ecr.exceptions.RegistryPolicyNotFoundException:
        policy = []
    return {
        "scanning": ecr.get_registry_scanning_configuration()["scanningConfiguration"],
        "replication": ecr.describe_registry()["replicationConfiguration"]["rules"],
        "caches": [one["ecrRepositoryPrefix"] for one in ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]],
        "templates": [one["prefix"] for one in
                      ecr.describe_repository_creation_templates()["repositoryCreationTemplates"]],
        "exclusions": ecr.list_pull_time_update_exclusions()["pullTimeUpdateExclusions"],
        "policy": policy,
        "mounting": ecr.get_account_setting(name="BLOB_MOUNTING")["value"],
    }


def test_public_repositories_are_in_the_gallery_with_their_texts(sample: Make, cloud: Cloud) -> None:
    public, names = cloud.client("ecr-public"), ("my-project/agent", "my-project/cli")
    stack = sample()
    try:
        outputs = stack.deploy("public.yaml")
        urls = json.loads(outputs["RepositoryUrls"])
        assert set(urls) == set(names)
        shown = {one["repositoryName"]: one for one in public.describe_repositories()["repositories"]}
        assert {name: shown[name]["repositoryUri"] for name in names} == urls
        pages = json.loads(outputs["GalleryUrls"])
        assert all(page.startswith("https://gallery.ecr.aws/") and page.endswith(name) for name, page in pages.items())
        texts = public.get_repository_catalog_data(repositoryName="my-project/agent")["catalogData"]
        assert texts["description"] == "Sends metrics of a host"
        assert (sorted(texts["architectures"]), texts["operatingSystems"]) == (["ARM 64", "x86-64"], ["Linux"])
        policy = json.loads(public.get_repository_policy(repositoryName="my-project/cli")["policyText"])
        assert "arn:aws:iam::111122223333:role/image-builder" in json.dumps(policy)
        stack.delete()
        # Handed back, as it says.
        assert set(names) <= {one["repositoryName"] for one in public.describe_repositories()["repositories"]}
    finally:
        stack.end()
        for name in names:
            with suppress(public.exceptions.RepositoryNotFoundException):
                public.delete_repository(repositoryName=name, force=True)
