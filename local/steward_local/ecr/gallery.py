"""ECR Public: repositories everybody may pull from. They live in one Region, whoever asks from where.

Images, layers and their tags are those of ECR (see backend.py); everything else is its own.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any, Callable

from moto.core.exceptions import ServiceException
from moto.ecr.models import ECRBackend, Image, Repository

from . import backend, catalogs, layers, policies, rules, tokens
from .errors import EcrError, invalid
from .paging import page

TARGET = "SpencerFrontendService"
HOME = "us-east-1"
# Has an endpoint, but manages nothing.
READ_ONLY = "us-west-2"
READS = ("Describe", "Get", "List", "BatchCheck")
Request = dict[str, Any]


class Gallery(ECRBackend):
    """The public registry of the account."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.display_name = ""
        # Like those AWS assigns; the same in every run.
        self.alias = "g" + hashlib.sha256(account_id.encode()).hexdigest()[:7]

    def public(self, name: str, registry: str | None = None) -> Repository:
        """A repository, or its absence. A registry may be named by its alias too."""
        return self._get_repository(name, self.account_id if registry == self.alias else registry)


def of() -> Gallery:
    """Lives on moto's own state, so that moto's reset empties it too."""
    state = backend.of(HOME)
    if not hasattr(state, "steward_gallery"):
        state.steward_gallery = Gallery(HOME, state.account_id)
    return state.steward_gallery


def answer(operation: str, request: Request, region: str) -> Request:
    """The answer to any operation, its request judged by the model before."""
    if region != HOME and not (region == READ_ONLY and operation.startswith(READS)):
        raise EcrError("UnsupportedCommandException", f"{operation} command is only supported in {HOME}.")
    gallery = of()
    if operation in ABOUT_REGISTRIES and request.get("registryId", gallery.alias) not in (
            gallery.alias, gallery.account_id):
        raise EcrError("RegistryNotFoundException",
                       f"The registry with id '{request['registryId']}' does not exist")
    try:
        return HANDLERS[operation](request, gallery)
    except ServiceException as problem:
        raise EcrError(problem.code, problem.message) from None


def shown(repository: Repository, gallery: Gallery) -> Request:
    """A repository as all answers have it."""
    return {"repositoryArn": repository.arn, "registryId": gallery.account_id, "repositoryName": repository.name,
            "repositoryUri": repository.uri, "createdAt": repository.steward_created}


def create(request: Request, gallery: Gallery) -> Request:
    """With its catalog data at once, where there is some."""
    name, tags = request["repositoryName"], request.get("tags", [])
    check_tags(tags, {})
    if name in gallery.repositories:
        raise EcrError("RepositoryAlreadyExistsException", f"The repository with name '{name}' already exists "
                       f"in the registry with id '{gallery.account_id}'")
    repository = Repository(gallery.account_id, HOME, name, None, None, "", "MUTABLE")
    repository.arn = f"arn:aws:ecr-public::{gallery.account_id}:repository/{name}"
    repository.uri = f"public.ecr.aws/{gallery.alias}/{name}"
    repository.steward_created = time.time()
    gallery.repositories[name] = repository
    gallery.tagger.tag_resource(repository.arn, tags)
    catalog = catalogs.put(repository, request["catalogData"]) if "catalogData" in request else {}
    return {"repository": shown(repository, gallery), "catalogData": catalog}


def delete(request: Request, gallery: Gallery) -> Request:
    """Not while it has images, unless forced."""
    name, registry = request["repositoryName"], request.get("registryId")
    gone = gallery.delete_repository(name, registry, request.get("force", False))
    return {"repository": shown(gone, gallery)}


def describe(request: Request, gallery: Gallery) -> Request:
    """All in pages, or those named."""
    rules.names_or_pages("repositoryNames")(request, gallery)
    names = request.get("repositoryNames")
    chosen = [gallery.public(name, request.get("registryId")) for name in names or gallery.repositories]
    if names:
        return {"repositories": [shown(one, gallery) for one in chosen]}
    cut, token = page(chosen, lambda one: one.name, request, "DescribeRepositories")
    return {"repositories": [shown(one, gallery) for one in cut]} | ({"nextToken": token} if token else {})


def describe_registries(request: Request, gallery: Gallery) -> Request:
    """One, with the alias that was assigned to it."""
    cut, _ = page([gallery.alias], str, request, "DescribeRegistries")
    return {"registries": [{
        "registryId": gallery.account_id, "registryUri": f"public.ecr.aws/{alias}", "verified": False,
        "registryArn": f"arn:aws:ecr-public::{gallery.account_id}:registry/{gallery.account_id}",
        "aliases": [{"name": alias, "status": "ACTIVE", "primaryRegistryAlias": True,
                     "defaultRegistryAlias": True}]} for alias in cut]}


def registry_catalog(request: Request, gallery: Gallery) -> Request:
    """The display name, read and written."""
    gallery.display_name = request.get("displayName", gallery.display_name)
    return {"registryCatalogData": {"displayName": gallery.display_name} if gallery.display_name else {}}


def repository_catalog(request: Request, gallery: Gallery) -> Request:
    """Read or, with new data, written."""
    repository = gallery.public(request["repositoryName"], request.get("registryId"))
    if "catalogData" in request:
        return {"catalogData": catalogs.put(repository, request["catalogData"])}
    return {"catalogData": catalogs.get(repository)}


def set_policy(request: Request, gallery: Gallery) -> Request:
    """Stored in the form in which it is read."""
    text = policies.gallery_policy(request["policyText"])
    return gallery.set_repository_policy(request.get("registryId"), request["repositoryName"], text)


def get_policy(request: Request, gallery: Gallery) -> Request:
    """The policy, or its absence."""
    return gallery.get_repository_policy(registry_id=request.get("registryId"),
                                           repository_name=request["repositoryName"])


def delete_policy(request: Request, gallery: Gallery) -> Request:
    """Gives back what was deleted."""
    return gallery.delete_repository_policy(registry_id=request.get("registryId"),
                                              repository_name=request["repositoryName"])


def tagged(request: Request, gallery: Gallery) -> Repository:
    """The repository an ARN names."""
    arn, start = request["resourceArn"], f"arn:aws:ecr-public::{gallery.account_id}:repository/"
    if not arn.startswith(start):
        raise invalid("resourceArn", "Invalid ARN")
    return gallery.public(arn.removeprefix(start))


def tag(request: Request, gallery: Gallery) -> Request:
    """New tags count together with those that are there."""
    repository = tagged(request, gallery)
    check_tags(request["tags"], gallery.tagger.get_tag_dict_for_resource(repository.arn))
    gallery.tagger.tag_resource(repository.arn, request["tags"])
    return {}


def untag(request: Request, gallery: Gallery) -> Request:
    """Keys that are not there are no matter."""
    gallery.tagger.untag_resource_using_names(tagged(request, gallery).arn, request["tagKeys"])
    return {}


def list_tags(request: Request, gallery: Gallery) -> Request:
    """All of one repository."""
    return gallery.tagger.list_tags_for_resource(tagged(request, gallery).arn)


def check_tags(tags: list[dict[str, str]], present: dict[str, str]) -> None:
    """The model requires neither member; the service does."""
    if any("Key" not in one or "Value" not in one for one in tags):
        raise rules.bad_tag("A tag has a key and a value")
    rules.check_tags(tags, present)


def put_image(request: Request, gallery: Gallery) -> Request:
    """A manifest under the digest of its bytes."""
    name = request["repositoryName"]
    image = gallery.put_image(name, request["imageManifest"], request.get("imageTag"),
                              request.get("imageManifestMediaType"), request.get("imageDigest"))
    wish = {"imageTag": request["imageTag"]} if "imageTag" in request else {}
    return {"image": {"registryId": gallery.account_id, "repositoryName": name,
                      "imageId": {"imageDigest": image.get_image_digest()} | wish,
                      "imageManifest": image.image_manifest,
                      "imageManifestMediaType": image.image_manifest_media_type}}


def detail(image: Image) -> Request:
    """What is told of an image in lists of images and of tags."""
    told = {"imageDigest": image.get_image_digest(), "imageSizeInBytes": image.get_image_size_in_bytes(),
            "imagePushedAt": float(image.image_pushed_at), "artifactMediaType": image.artifact_media_type,
            "imageManifestMediaType": image.image_manifest_media_type}
    return {key: value for key, value in told.items() if value is not None}


def describe_images(request: Request, gallery: Gallery) -> Request:
    """All in pages, or those named."""
    rules.names_or_pages("imageIds")(request, gallery)
    name = request["repositoryName"]
    chosen = gallery.describe_images(gallery.public(name, request.get("registryId")).name, None,
                                     request.get("imageIds"))
    cut, token = page(list(chosen), lambda one: one.get_image_digest(), request, "DescribeImages")
    return {"imageDetails": [
        {"registryId": gallery.account_id, "repositoryName": name} | detail(one)
        | ({"imageTags": list(one.image_tags)} if one.image_tags else {}) for one in cut]} | (
            {"nextToken": token} if token else {})


def describe_image_tags(request: Request, gallery: Gallery) -> Request:
    """Tag by tag. When a tag was set is not kept; the push of its image stands for it."""
    repository = gallery.public(request["repositoryName"], request.get("registryId"))
    pairs = [(tag, one) for one in repository.images for tag in one.image_tags]
    cut, token = page(pairs, lambda pair: pair[0], request, "DescribeImageTags")
    return {"imageTagDetails": [{"imageTag": tag, "createdAt": float(one.image_pushed_at), "imageDetail": detail(one)}
                                for tag, one in cut]} | ({"nextToken": token} if token else {})


def delete_images(request: Request, gallery: Gallery) -> Request:
    """As of any repository."""
    repository = gallery.public(request["repositoryName"], request.get("registryId"))
    return gallery.batch_delete_image(repository.name, None, request["imageIds"])


ABOUT_REGISTRIES = ("PutImage", "BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart",
                    "CompleteLayerUpload")
HANDLERS: dict[str, Callable[[Request, Gallery], Request]] = {
    "CreateRepository": create,
    "DeleteRepository": delete,
    "DescribeRepositories": describe,
    "DescribeRegistries": describe_registries,
    "GetRegistryCatalogData": registry_catalog,
    "PutRegistryCatalogData": registry_catalog,
    "GetRepositoryCatalogData": repository_catalog,
    "PutRepositoryCatalogData": repository_catalog,
    "SetRepositoryPolicy": set_policy,
    "GetRepositoryPolicy": get_policy,
    "DeleteRepositoryPolicy": delete_policy,
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_tags,
    "PutImage": put_image,
    "DescribeImages": describe_images,
    "DescribeImageTags": describe_image_tags,
    "BatchDeleteImage": delete_images,
    "GetAuthorizationToken": lambda _request, gallery: tokens.public(gallery.account_id),
    "InitiateLayerUpload": layers.initiate,
    "UploadLayerPart": layers.upload,
    "CompleteLayerUpload": layers.complete,
    "BatchCheckLayerAvailability": layers.availability,
}
