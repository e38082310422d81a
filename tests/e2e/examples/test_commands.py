"""The commands people check and mend an installation with, as they type them, and what the local AWS answers."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import Any, Callable

from cloud import Cloud
from samples import SERVICES, Microservices, Sample, asked
from scanned import Image


def answered(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON of a command that succeeded."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_list_repositories(microservices: Microservices, cloud: Cloud) -> None:
    listed = answered(asked(cloud, "aws ecr describe-repositories"))["repositories"]
    assert {microservices.name(service) for service in SERVICES} <= {one["repositoryName"] for one in listed}


def test_repository_not_found_is_told_by_name(microservices: Microservices, cloud: Cloud) -> None:
    region = cloud.variables["AWS_REGION"]
    listed = answered(asked(cloud, f"aws ecr describe-repositories --region {region} --repository-names "
                                   f"{microservices.name()}"))["repositories"]
    assert [one["repositoryName"] for one in listed] == [microservices.name()]
    missing = asked(cloud, f"aws ecr describe-repositories --region {region} --repository-names my-repo")
    assert missing.returncode != 0
    assert "RepositoryNotFoundException" in missing.stderr and "my-repo" in missing.stderr
    # They are where they were made, and nowhere else.
    elsewhere = answered(asked(cloud, "aws ecr describe-repositories --region eu-north-1"))["repositories"]
    assert microservices.name() not in [one["repositoryName"] for one in elsewhere]


def test_check_lifecycle_policy(microservices: Microservices, cloud: Cloud) -> None:
    name = microservices.name("inventory-service")
    shown = answered(asked(cloud, f"aws ecr get-lifecycle-policy --repository-name {name}"))
    assert shown["repositoryName"] == name
    rules = json.loads(shown["lifecyclePolicyText"])["rules"]
    assert [rule["rulePriority"] for rule in rules] == [1, 2, 3, 4]
    assert rules[1]["selection"]["tagPrefixList"] == ["v"]


def test_view_scan_results(scanned: Image, cloud: Cloud) -> None:
    shown = answered(asked(
        cloud, f"aws ecr describe-image-scan-findings --repository-name {scanned.repository} --image-id imageTag=latest"))
    assert shown["imageScanStatus"]["status"] == "COMPLETE"
    assert shown["imageId"]["imageDigest"] == scanned.digest
    assert len(shown["imageScanFindings"]["findings"]) == len(scanned.found()) == 3
    missing = asked(
        cloud, f"aws ecr describe-image-scan-findings --repository-name {scanned.repository} --image-id imageTag=v9.9.9")
    assert missing.returncode != 0 and "ImageNotFoundException" in missing.stderr


def test_check_repository_policy(microservices: Microservices, sample: Callable[..., Sample], cloud: Cloud) -> None:
    none = asked(cloud, f"aws ecr get-repository-policy --repository-name {microservices.name()}")
    assert none.returncode != 0 and "RepositoryPolicyNotFoundException" in none.stderr
    sample().deploy("cross-account.yaml")
    shown = answered(asked(cloud, "aws ecr get-repository-policy --repository-name platform-shared-api"))
    sids = [one["Sid"] for one in json.loads(shown["policyText"])["Statement"]]
    assert set(sids) == {"EcrStewardPull", "EcrStewardPush"}


def test_push_denied_is_a_matter_of_the_repository_policy_or_the_login(
        sample: Callable[..., Sample], cloud: Cloud) -> None:
    """Both sides of it can be seen: who may push by the repository's policy, and what the pusher needs beside it."""
    outputs = sample().deploy("cross-account.yaml")
    text = answered(asked(cloud, "aws ecr get-repository-policy --repository-name platform-shared-worker"))["policyText"]
    [push] = [one for one in json.loads(text)["Statement"] if one["Sid"] == "EcrStewardPush"]
    assert "ecr:PutImage" in push["Action"]
    assert "ecr:GetAuthorizationToken" in outputs["AuthorizationPolicy"]


def test_login_password_is_a_token_of_this_registry(cloud: Cloud) -> None:
    region = cloud.variables["AWS_REGION"]
    password = asked(cloud, f"aws ecr get-login-password --region {region}")
    assert password.returncode == 0, password.stderr
    token = answered(asked(cloud, "aws ecr get-authorization-token"))["authorizationData"][0]
    user, _, secret = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    assert user == "AWS" and secret
    assert password.stdout.strip()


def test_scanning_configuration_of_the_registry_and_of_each_repository(
        microservices: Microservices, cloud: Cloud) -> None:
    registry = answered(asked(cloud, "aws ecr get-registry-scanning-configuration"))["scanningConfiguration"]
    assert registry["scanType"] == "BASIC"
    shown = answered(asked(cloud, "aws ecr batch-get-repository-scanning-configuration --repository-names "
                                  f"{microservices.name()}"))
    [one] = shown["scanningConfigurations"]
    assert (one["repositoryName"], one["scanOnPush"]) == (microservices.name(), True)
