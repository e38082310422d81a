"""Requests that the model or the rules of the service forbid."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest
from conftest import ACCOUNT, client, refusal

INVALID = "InvalidParameterException"


@pytest.mark.parametrize("name", ["a__b", "a--b", "a---b/c.d", "1a", "a/b/c"])
def test_legal_names_are_taken(ecr: Any, name: str) -> None:
    arn = ecr.create_repository(repositoryName=name)["repository"]["repositoryArn"]
    assert arn == f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}"


@pytest.mark.parametrize("name", ["a", "a" * 257, "-a", "a-", "a//b", "/a", "a/", "a___b", "a..b", "A-b",
                                  "a b", "good\n", "x{good}"])
def test_illegal_names_are_refused_whole(ecr: Any, name: str) -> None:
    code, message = refusal(ecr.create_repository, repositoryName=name)
    assert code == INVALID
    assert message.startswith("Invalid parameter at 'repositoryName' failed to satisfy constraint: '")


@pytest.mark.parametrize("operation, arguments, place", [
    ("create_repository", {}, "repositoryName"),
    ("describe_repositories", {"repositoryNames": []}, "repositoryNames"),
    ("describe_repositories", {"repositoryNames": [f"r{n}" for n in range(101)]}, "repositoryNames"),
    ("describe_repositories", {"maxResults": 0}, "maxResults"),
    ("describe_repositories", {"maxResults": 1001}, "maxResults"),
    ("describe_repositories", {"registryId": "12345"}, "registryId"),
    ("list_images", {"repositoryName": "ab", "filter": {"tagStatus": "BOTH"}}, "filter.tagStatus"),
    ("batch_get_repository_scanning_configuration",
     {"repositoryNames": [f"r{n}" for n in range(26)]}, "repositoryNames"),
    ("batch_delete_image", {"repositoryName": "ab", "imageIds": [{"imageTag": ""}]}, "imageIds.1.member.imageTag"),
    ("put_lifecycle_policy", {"repositoryName": "ab", "lifecyclePolicyText": "{}"}, "LifecyclePolicyText"),
    ("set_repository_policy", {"repositoryName": "ab", "policyText": " " * 10_241}, "PolicyText"),
    ("create_repository", {"repositoryName": "ab", "encryptionConfiguration": {"encryptionType": "ROT13"}},
     "encryptionConfiguration.encryptionType"),
    ("create_repository", {"repositoryName": "ab", "encryptionConfiguration": {
        "encryptionType": "AES256", "kmsKey": "alias/mine"}}, "encryptionConfiguration.kmsKey"),
    ("put_image_tag_mutability", {"repositoryName": "ab", "imageTagMutability": "SOLID"}, "imageTagMutability"),
])
def test_the_model_is_enforced(ecr: Any, operation: str, arguments: dict, place: str) -> None:
    code, message = refusal(getattr(ecr, operation), **arguments)
    assert (code, place in message) == (INVALID, True), message


FILTER = {"filterType": "WILDCARD", "filter": "dev-*"}


@pytest.mark.parametrize("mode, filters", [
    ("IMMUTABLE_WITH_EXCLUSION", None),
    ("MUTABLE_WITH_EXCLUSION", []),
    ("MUTABLE_WITH_EXCLUSION", [FILTER] * 6),
    ("IMMUTABLE", [FILTER]),
    ("MUTABLE", [FILTER]),
    ("IMMUTABLE_WITH_EXCLUSION", [{"filterType": "REGEX", "filter": "x"}]),
    ("IMMUTABLE_WITH_EXCLUSION", [{"filterType": "WILDCARD", "filter": "no spaces"}]),
])
@pytest.mark.parametrize("operation", ["create_repository", "put_image_tag_mutability"])
def test_exclusion_filters_fit_their_mode(ecr: Any, repository: str, operation: str, mode: str,
                                          filters: list | None) -> None:
    arguments: dict[str, Any] = {"imageTagMutability": mode}
    if filters is not None:
        arguments["imageTagMutabilityExclusionFilters"] = filters
    name = repository if operation.startswith("put") else f"new/{uuid.uuid4().hex}"
    code, message = refusal(getattr(ecr, operation), repositoryName=name, **arguments)
    assert code == INVALID and "imageTagMutabilityExclusionFilters" in message


def test_mutability_answers_with_its_filters(ecr: Any, repository: str) -> None:
    answer = ecr.put_image_tag_mutability(
        repositoryName=repository, imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[FILTER])
    assert answer["imageTagMutabilityExclusionFilters"] == [FILTER]
    ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="MUTABLE")
    read = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]
    assert "imageTagMutabilityExclusionFilters" not in read


def tags(count: int, prefix: str = "k") -> list[dict[str, str]]:
    """That many tags."""
    return [{"Key": f"{prefix}{n}", "Value": ""} for n in range(count)]


@pytest.mark.parametrize("wish, code", [
    (tags(51), "TooManyTagsException"),
    ([{"Key": "aws:mine", "Value": "x"}], "InvalidTagParameterException"),
    ([{"Key": "AWS:mine", "Value": "x"}], "InvalidTagParameterException"),
    ([{"Key": "k" * 129, "Value": "x"}], "InvalidTagParameterException"),
    ([{"Key": "", "Value": "x"}], "InvalidTagParameterException"),
    ([{"Key": "k", "Value": "x" * 257}], "InvalidTagParameterException"),
    ([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], "InvalidTagParameterException"),
    ([{"Key": "k"}], INVALID),
])
def test_tags_are_judged(ecr: Any, repository: str, wish: list, code: str) -> None:
    arn = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryArn"]
    assert refusal(ecr.tag_resource, resourceArn=arn, tags=wish)[0] == code
    name = f"new/{uuid.uuid4().hex}"
    assert refusal(ecr.create_repository, repositoryName=name, tags=wish)[0] == code
    assert refusal(ecr.describe_repositories, repositoryNames=[name])[0] == "RepositoryNotFoundException"


def test_tags_merge_and_count_together(ecr: Any, repository: str) -> None:
    arn = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=tags(49))
    assert refusal(ecr.tag_resource, resourceArn=arn, tags=tags(2, "more"))[0] == "TooManyTagsException"
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "k0", "Value": "changed"}, {"Key": "fifty", "Value": ""}])
    read = {tag["Key"]: tag["Value"] for tag in ecr.list_tags_for_resource(resourceArn=arn)["tags"]}
    assert (len(read), read["k0"]) == (50, "changed")


def test_one_unknown_name_fails_the_call(ecr: Any, repository: str) -> None:
    assert refusal(ecr.describe_repositories, repositoryNames=[repository, "not/here"]) == (
        "RepositoryNotFoundException",
        f"The repository with name 'not/here' does not exist in the registry with id '{ACCOUNT}'")


@pytest.mark.parametrize("paging", [{"maxResults": 5}, {"nextToken": "abc"}])
def test_names_do_not_go_with_pages(ecr: Any, repository: str, paging: dict) -> None:
    code, message = refusal(ecr.describe_repositories, repositoryNames=[repository], **paging)
    assert code == INVALID and next(iter(paging)) in message


def test_repositories_come_in_pages(url: str) -> None:
    elsewhere = client(url, "ecr", "eu-west-1")
    names = [f"p{number:03}" for number in range(105)]
    for name in names:
        elsewhere.create_repository(repositoryName=name)
    first = elsewhere.describe_repositories()
    assert len(first["repositories"]) == 100 and "nextToken" in first
    seen, token = [], {}
    while True:
        answer = elsewhere.describe_repositories(maxResults=10, **token)
        seen += [one["repositoryName"] for one in answer["repositories"]]
        if len(seen) == 50:
            # What is deleted meanwhile must not make others be skipped.
            elsewhere.delete_repository(repositoryName="p000")
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert seen == names
    assert refusal(elsewhere.describe_repositories, nextToken="bm90IG91cnM=")[0] == INVALID


SCAN = {"repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}


@pytest.mark.parametrize("scan_type, frequencies", [
    ("BASIC", ["CONTINUOUS_SCAN"]),
    ("BASIC", ["MANUAL"]),
    ("ENHANCED", ["SCAN_ON_PUSH"] * 2),
    ("ENHANCED", ["SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"]),
])
def test_registry_scanning_rules(ecr: Any, scan_type: str, frequencies: list[str]) -> None:
    rules = [SCAN | {"scanFrequency": frequency} for frequency in frequencies]
    code, message = refusal(ecr.put_registry_scanning_configuration, scanType=scan_type, rules=rules)
    assert code == INVALID and "rules" in message


def test_scanning_that_takes_effect(url: str) -> None:
    ecr = client(url, "ecr", "eu-central-1")
    ecr.create_repository(repositoryName="by/flag", imageScanningConfiguration={"scanOnPush": True})
    ecr.create_repository(repositoryName="by/rule")

    def frequencies() -> dict[str, str]:
        found = ecr.batch_get_repository_scanning_configuration(repositoryNames=["by/flag", "by/rule", "no/one"])
        assert [one["repositoryName"] for one in found["failures"]] == ["no/one"]
        return {one["repositoryName"]: one["scanFrequency"] for one in found["scanningConfigurations"]}

    assert frequencies() == {"by/flag": "SCAN_ON_PUSH", "by/rule": "MANUAL"}
    substring = {"repositoryFilters": [{"filter": "rule", "filterType": "WILDCARD"}]}
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[
        substring | {"scanFrequency": "CONTINUOUS_SCAN"}, substring | {"scanFrequency": "SCAN_ON_PUSH"}])
    assert frequencies() == {"by/flag": "MANUAL", "by/rule": "CONTINUOUS_SCAN"}


def test_replication_takes_several_rules_but_not_itself(ecr: Any) -> None:
    def to(region: str) -> dict:
        return {"destinations": [{"region": region, "registryId": ACCOUNT}]}

    ecr.put_replication_configuration(replicationConfiguration={"rules": [to("eu-west-1"), to("eu-west-2")]})
    assert len(ecr.describe_registry()["replicationConfiguration"]["rules"]) == 2
    code, _ = refusal(ecr.put_replication_configuration,
                      replicationConfiguration={"rules": [to("eu-west-1"), to("us-east-1")]})
    assert code == INVALID


def test_raw_errors_are_json_whatever_is_asked(url: str) -> None:
    def post(operation: str, body: bytes) -> tuple[int, str, dict]:
        request = urllib.request.Request(url, data=body, headers={
            "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
            "Content-Type": "application/x-amz-json-1.1"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        return caught.value.code, caught.value.headers["x-amzn-errortype"], json.loads(caught.value.read())

    for operation, body, code in [
        ("Invented", b"{}", "UnknownOperationException"),
        ("DescribeImageReplicationStatus", b'{"repositoryName":"ab","imageId":{"imageTag":"v1"}}',
         "UnsupportedOperationException"),
        ("CreateRepository", b"[]", "SerializationException"),
        ("CreateRepository", b"no json", "SerializationException"),
        ("CreateRepository", b'{"repositoryName":7}', "SerializationException"),
        ("CreateRepository", b'{"repositoryName":"ab","colour":"red"}', INVALID),
        ("CreateRepository", b'{"repositoryName":null}', INVALID),
    ]:
        status, header, error = post(operation, body)
        assert (status, header, error["__type"]) == (400, code, code)
        assert error["message"]
