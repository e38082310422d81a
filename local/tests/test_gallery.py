"""ECR Public: its own repositories, texts and refusals."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any, Iterator

import pytest
from conftest import ACCOUNT, client, control, refusal
from test_images import MANIFEST, digests, push, push_index

INVALID = "InvalidParameterException"
CATALOG = {"description": "One line", "architectures": ["x86-64", "ARM 64"], "operatingSystems": ["Linux"],
           "aboutText": "# About", "usageText": "Run it"}


@pytest.fixture(scope="module")
def gallery(url: str) -> Any:
    """ECR Public, where it can be managed."""
    return client(url, "ecr-public")


@pytest.fixture
def shop(gallery: Any) -> Iterator[str]:
    """A public repository of the test's own."""
    name = f"shop/{uuid.uuid4().hex}"
    gallery.create_repository(repositoryName=name)
    yield name
    try:
        gallery.delete_repository(repositoryName=name, force=True)
    except gallery.exceptions.RepositoryNotFoundException:
        pass


def arn(name: str) -> str:
    """Of a public repository; it names no Region."""
    return f"arn:aws:ecr-public::{ACCOUNT}:repository/{name}"


def test_a_repository_has_the_address_of_the_gallery(gallery: Any) -> None:
    [registry] = gallery.describe_registries()["registries"]
    [alias] = registry["aliases"]
    assert (registry["registryId"], registry["registryUri"]) == (ACCOUNT, f"public.ecr.aws/{alias['name']}")
    name = f"shop/{uuid.uuid4().hex}"
    made = gallery.create_repository(repositoryName=name, catalogData=CATALOG, tags=[{"Key": "a", "Value": "1"}])
    assert made["catalogData"] == CATALOG | {"marketplaceCertified": False}
    repository = made["repository"]
    assert (repository["repositoryArn"], repository["registryId"]) == (arn(name), ACCOUNT)
    assert repository["repositoryUri"] == f"{registry['registryUri']}/{name}"
    assert gallery.describe_repositories(repositoryNames=[name])["repositories"] == [repository]
    assert gallery.list_tags_for_resource(resourceArn=arn(name))["tags"] == [{"Key": "a", "Value": "1"}]
    assert refusal(gallery.create_repository, repositoryName=name)[0] == "RepositoryAlreadyExistsException"
    assert gallery.delete_repository(repositoryName=name)["repository"] == repository
    for call in (gallery.delete_repository, gallery.get_repository_policy, gallery.describe_images):
        assert refusal(call, repositoryName=name)[0] == "RepositoryNotFoundException"


def test_a_reset_empties_the_gallery_too(url: str, gallery: Any, shop: str) -> None:
    gallery.put_registry_catalog_data(displayName="Mine")
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
    assert gallery.describe_repositories()["repositories"] == []
    assert gallery.get_registry_catalog_data()["registryCatalogData"] == {}
    gallery.create_repository(repositoryName=shop)


def test_private_and_public_repositories_do_not_know_each_other(gallery: Any, ecr: Any, shop: str) -> None:
    assert refusal(ecr.describe_repositories, repositoryNames=[shop])[0] == "RepositoryNotFoundException"
    ecr.create_repository(repositoryName=shop)
    gallery.delete_repository(repositoryName=shop)
    assert ecr.describe_repositories(repositoryNames=[shop])["repositories"]


@pytest.mark.parametrize("region, operation, arguments, answers", [
    ("us-west-2", "describe_repositories", {}, True),
    ("us-west-2", "create_repository", {"repositoryName": "aa"}, False),
    ("us-west-2", "put_registry_catalog_data", {"displayName": "x"}, False),
    ("eu-west-1", "describe_repositories", {}, False),
    ("eu-west-1", "create_repository", {"repositoryName": "aa"}, False),
])
def test_one_region_manages_all(url: str, region: str, operation: str, arguments: dict, answers: bool) -> None:
    call = getattr(client(url, "ecr-public", region), operation)
    if answers:
        assert call(**arguments)["ResponseMetadata"]["HTTPStatusCode"] == 200
    else:
        assert refusal(call, **arguments)[0] == "UnsupportedCommandException"


@pytest.mark.parametrize("operation, arguments", [
    ("create_repository", {"repositoryName": "a__b"}),
    ("create_repository", {"repositoryName": "a--b"}),
    ("create_repository", {"repositoryName": "a" * 206}),
    ("create_repository", {"repositoryName": "Ab"}),
    ("create_repository", {"repositoryName": "ab", "catalogData": {"description": "x" * 1025}}),
    ("create_repository", {"repositoryName": "ab", "catalogData": {"aboutText": "x" * 25_601}}),
    ("create_repository", {"repositoryName": "ab", "catalogData": {"architectures": ["x"] * 51}}),
    ("create_repository", {"repositoryName": "ab", "catalogData": {"logoImageBlob": b"x" * 512_001}}),
    ("create_repository", {"repositoryName": "ab", "encryptionConfiguration": {"encryptionType": "AES256"}}),
    ("put_registry_catalog_data", {"displayName": "x" * 101}),
    ("set_repository_policy", {"repositoryName": "ab", "policyText": " " * 10_241}),
    ("list_tags_for_resource", {"resourceArn": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/ab"}),
])
def test_the_model_of_the_gallery_is_enforced(url: str, gallery: Any, operation: str, arguments: dict) -> None:
    if "encryptionConfiguration" in arguments:
        # No client would send it.
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(url, body, {"X-Amz-Target": "SpencerFrontendService.CreateRepository"})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request)
        assert json.loads(caught.value.read())["__type"] == INVALID
        return
    assert refusal(getattr(gallery, operation), **arguments)[0] == INVALID


def test_catalog_data_is_replaced_and_its_logo_only_told_by_address(gallery: Any, shop: str) -> None:
    assert refusal(gallery.get_repository_catalog_data, repositoryName=shop)[0] == (
        "RepositoryCatalogDataNotFoundException")
    gallery.put_repository_catalog_data(repositoryName=shop, catalogData=CATALOG | {"logoImageBlob": b"\x89PNG"})
    shown = gallery.get_repository_catalog_data(repositoryName=shop)["catalogData"]
    assert shown.pop("logoUrl").startswith("https://") and "logoImageBlob" not in shown
    assert shown == CATALOG | {"marketplaceCertified": False}
    gallery.put_repository_catalog_data(repositoryName=shop, catalogData={"usageText": "Other"})
    shown = gallery.get_repository_catalog_data(repositoryName=shop)["catalogData"]
    assert (shown["usageText"], "aboutText" in shown, "logoUrl" in shown) == ("Other", False, True)
    gallery.put_registry_catalog_data(displayName="Mine")
    assert gallery.get_registry_catalog_data()["registryCatalogData"] == {"displayName": "Mine"}


def grant(action: str) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": action}]})


def test_policies_name_actions_of_the_gallery(gallery: Any, shop: str) -> None:
    assert refusal(gallery.get_repository_policy, repositoryName=shop)[0] == "RepositoryPolicyNotFoundException"
    for text in ("", "{}", grant("ecr:BatchGetImage")):
        assert refusal(gallery.set_repository_policy, repositoryName=shop, policyText=text)[0] == INVALID
    gallery.set_repository_policy(repositoryName=shop, policyText=grant("ecr-public:PutImage"))
    text = gallery.get_repository_policy(repositoryName=shop)["policyText"]
    assert f"arn:aws:iam::{ACCOUNT}:root" in text
    assert gallery.delete_repository_policy(repositoryName=shop)["policyText"] == text
    assert refusal(gallery.delete_repository_policy, repositoryName=shop)[0] == "RepositoryPolicyNotFoundException"


def test_tags_of_the_gallery_are_judged(gallery: Any, shop: str) -> None:
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    for wish, code in ((many, "TooManyTagsException"), ([{"Key": "x"}], "InvalidTagParameterException"),
                       ([{"Key": "aws:x", "Value": ""}], "InvalidTagParameterException")):
        assert refusal(gallery.tag_resource, resourceArn=arn(shop), tags=wish)[0] == code
        assert refusal(gallery.create_repository, repositoryName="not/made", tags=wish)[0] == code
    gallery.tag_resource(resourceArn=arn(shop), tags=many[:2])
    gallery.untag_resource(resourceArn=arn(shop), tagKeys=["k0", "unknown"])
    assert gallery.list_tags_for_resource(resourceArn=arn(shop))["tags"] == [many[1]]
    assert refusal(gallery.list_tags_for_resource, resourceArn=arn("not/made"))[0] == "RepositoryNotFoundException"


def test_images_keep_a_public_repository(gallery: Any, shop: str) -> None:
    child = push(gallery, shop, "one", "v1")
    index = push_index(gallery, shop, [child], "latest")
    assert digests(gallery, shop) == {child: ["v1"], index: ["latest"]}
    tags = gallery.describe_image_tags(repositoryName=shop)["imageTagDetails"]
    assert [(one["imageTag"], one["imageDetail"]["imageDigest"]) for one in tags] == [("latest", index), ("v1", child)]
    assert tags[1]["imageDetail"]["imageManifestMediaType"] == MANIFEST
    assert refusal(gallery.describe_images, repositoryName=shop, imageIds=[{"imageTag": "none"}])[0] == (
        "ImageNotFoundException")
    assert refusal(push, ecr=gallery, repository=shop, content="one", tag="v1")[0] == "ImageAlreadyExistsException"
    assert refusal(gallery.delete_repository, repositoryName=shop)[0] == "RepositoryNotEmptyException"
    failed = gallery.batch_delete_image(repositoryName=shop, imageIds=[{"imageDigest": child}])["failures"]
    assert failed[0]["failureCode"] == "ImageReferencedByManifestList"
    gallery.delete_repository(repositoryName=shop, force=True)


@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
def test_layers_are_what_was_sent(url: str, service: str) -> None:
    registry, name = client(url, service), f"layers/{uuid.uuid4().hex}"
    registry.create_repository(repositoryName=name)
    content = uuid.uuid4().bytes * 3
    digest = "sha256:" + hashlib.sha256(content).hexdigest()

    def send(wanted: str) -> Any:
        upload = registry.initiate_layer_upload(repositoryName=name)["uploadId"]
        for first in (0, 20):
            part = content[first:first + 20] if first == 0 else content[first:]
            registry.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=first,
                                       partLastByte=first + len(part) - 1, layerPartBlob=part)
        return registry.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[wanted])

    missing = registry.batch_check_layer_availability(repositoryName=name, layerDigests=[digest])["failures"]
    assert missing[0]["failureCode"] == "MissingLayerDigest"
    assert refusal(send, wanted="sha256:" + "0" * 64)[0] == "InvalidLayerException"
    assert send(digest)["layerDigest"] == digest
    [layer] = registry.batch_check_layer_availability(repositoryName=name, layerDigests=[digest])["layers"]
    assert (layer["layerAvailability"], layer["layerSize"]) == ("AVAILABLE", len(content))
    assert refusal(send, wanted=digest)[0] == "LayerAlreadyExistsException"
    empty = registry.initiate_layer_upload(repositoryName=name)["uploadId"]
    assert refusal(registry.complete_layer_upload, repositoryName=name, uploadId=empty, layerDigests=[digest])[0] == (
        "EmptyUploadException")
    assert refusal(registry.upload_layer_part, repositoryName=name, uploadId=empty, partFirstByte=5, partLastByte=6,
                   layerPartBlob=b"xy")[0] == "InvalidLayerPartException"


def test_another_registry_is_not_here(gallery: Any, shop: str) -> None:
    alias = gallery.describe_registries()["registries"][0]["aliases"][0]["name"]
    assert gallery.initiate_layer_upload(repositoryName=shop, registryId=alias)["uploadId"]
    assert refusal(gallery.initiate_layer_upload, repositoryName=shop, registryId="other")[0] == (
        "RegistryNotFoundException")
    assert refusal(gallery.describe_images, repositoryName=shop, registryId="111122223333")[0] == (
        "RepositoryNotFoundException")


def test_public_repositories_come_in_pages(gallery: Any) -> None:
    made = [f"pages/{number}" for number in range(5)]
    for name in made:
        gallery.create_repository(repositoryName=name)
    seen = [one["repositoryName"] for page in gallery.get_paginator("describe_repositories").paginate(
        PaginationConfig={"PageSize": 2}) for one in page["repositories"]]
    assert [name for name in seen if name in made] == made
    assert refusal(gallery.describe_repositories, repositoryNames=made, maxResults=2)[0] == INVALID
    for name in made:
        gallery.delete_repository(repositoryName=name)


def test_calls_are_counted_throttled_and_failed(url: str, gallery: Any, shop: str) -> None:
    control("DELETE", url, "calls")
    control("POST", url, "faults", {"operation": "PutRepositoryCatalogData", "error": "ServerException",
                                    "repository": shop})
    try:
        put = {"repositoryName": shop, "catalogData": {"aboutText": "x"}}
        assert refusal(gallery.put_repository_catalog_data, **put)[0] == "ServerException"
        gallery.put_repository_catalog_data(**put)
        control("PUT", url, "limits", {"service": "ecr-public", "calls_per_second": 0.001, "burst": 1})
        gallery.describe_registries()
        assert refusal(gallery.describe_registries)[0] == "ThrottlingException"
        assert control("GET", url, "calls")["ecr-public"] == {"DescribeRegistries": 2, "PutRepositoryCatalogData": 2}
        assert control("GET", url, "succeeded?service=ecr-public") == {
            "DescribeRegistries": {"": 1}, "PutRepositoryCatalogData": {shop: 1}}
    finally:
        control("DELETE", url, "limits")
        control("DELETE", url, "faults")


def test_tokens_are_good_for_twelve_hours(gallery: Any, ecr: Any) -> None:
    public = gallery.get_authorization_token()["authorizationData"]
    [private] = ecr.get_authorization_token()["authorizationData"]
    assert private["proxyEndpoint"] == f"https://{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
    for one in (public, private):
        assert base64.b64decode(one["authorizationToken"]).startswith(b"AWS:")
        left = one["expiresAt"].timestamp() - time.time()
        assert 11.9 * 3600 < left <= 12 * 3600
