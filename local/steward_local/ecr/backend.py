"""Mends moto's own ECR where it refuses what is legal or keeps what is wrong."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import re
import time
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ecr import models
from moto.ecr.exceptions import ImageAlreadyExistsException
from moto.ecr.models import ECRBackend, Image, Repository

from . import layers
from .errors import EcrError, invalid

INDEX_MEDIA_TYPES = ("application/vnd.oci.image.index.v1+json",
                     "application/vnd.docker.distribution.manifest.list.v2+json")
DIGEST = re.compile(r"[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+")


def of(region: str) -> ECRBackend:
    """The state of one Region."""
    return models.ecr_backends[os.environ.get("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)][region]


def install() -> None:
    """Once, before the first request."""
    # Both are judged before a request gets here, by the rules of the service.
    models.ECR_REPOSITORY_NAME_PATTERN = ".+"
    models.EcrLifecyclePolicyValidator.validate = lambda self: None
    layers.install()
    plain_size = Image.get_image_size_in_bytes

    def size(self: Image) -> int | None:
        manifest = json.loads(self.image_manifest)
        sizes = [entry.get("size") for entry in [manifest.get("config") or {}, *(manifest.get("layers") or [])]]
        # moto takes the size of the configuration for that of the image.
        return sum(sizes) if manifest.get("layers") and all(isinstance(one, int) for one in sizes) else plain_size(self)

    Image.get_image_size_in_bytes = size
    ECRBackend.put_image = put_image
    ECRBackend.batch_delete_image = batch_delete_image
    ECRBackend.set_repository_policy = set_repository_policy
    ECRBackend.put_registry_policy = put_registry_policy
    ECRBackend.batch_get_repository_scanning_configuration = effective_scanning
    plain_encryption = Repository._determine_encryption_config
    plain_mutability = ECRBackend.put_image_tag_mutability

    def encryption(self: Repository, wish: dict[str, str] | None) -> dict[str, str]:
        wish = dict(wish or {})
        if wish.get("encryptionType") == "KMS_DSSE" and "kmsKey" not in wish:
            return plain_encryption(self, {"encryptionType": "KMS"}) | wish
        return plain_encryption(self, wish)

    def mutability(self: ECRBackend, *given: Any, **named: Any) -> dict[str, Any]:
        answer = plain_mutability(self, *given, **named)
        filters = self.repositories[answer["repositoryName"]].image_tag_mutability_exclusion_filters
        return answer | ({"imageTagMutabilityExclusionFilters": filters} if filters else {})

    Repository._determine_encryption_config = encryption
    ECRBackend.put_image_tag_mutability = mutability


def immutable(repository: Repository, tag: str) -> bool:
    """May this tag not move?"""
    mode = str(getattr(repository.image_tag_mutability, "value", repository.image_tag_mutability))
    filters = repository.image_tag_mutability_exclusion_filters or []
    excluded = any(fnmatch.fnmatchcase(tag, entry["filter"]) for entry in filters)
    return mode.startswith("IMMUTABLE") != excluded


def children(image: Image) -> set[str]:
    """The digests a manifest list refers to."""
    return manifest_digests(json.loads(image.image_manifest))


def manifest_digests(manifest: dict[str, Any]) -> set[str]:
    """The same, of a parsed manifest."""
    return {entry.get("digest", "") for entry in manifest.get("manifests") or []}


def put_image(self: ECRBackend, repository_name: str, image_manifest: str, image_tag: str | None,
              image_manifest_mediatype: str | None = None, digest: str | None = None) -> Image:
    """Stores a manifest under the digest of its bytes. An image that loses its
    last tag to another one stays, untagged."""
    repository = self._get_repository(repository_name)
    try:
        manifest = json.loads(image_manifest)
        media_type = image_manifest_mediatype or manifest.get("mediaType")
    except (ValueError, AttributeError):
        raise invalid("ImageManifest", "Invalid JSON syntax") from None
    if not media_type:
        raise invalid("ImageManifest", "Invalid media type")
    true_digest = "sha256:" + hashlib.sha256(image_manifest.encode()).hexdigest()
    if digest and digest != true_digest:
        raise EcrError("ImageDigestDoesNotMatchException",
                       f"The provided digest '{digest}' does not match '{true_digest}'")
    by_digest = {image.get_image_digest(): image for image in repository.images}
    missing = sorted(manifest_digests(manifest) - set(by_digest))
    if missing:
        raise EcrError("ReferencedImagesNotFoundException",
                       f"Images with digests '{', '.join(missing)}' required for pushing image into "
                       f"repository with name '{repository_name}' in the registry with id "
                       f"'{repository.registry_id}' do not exist")
    image = by_digest.get(true_digest)
    if image and (image_tag is None or image_tag in image.image_tags):
        raise ImageAlreadyExistsException(repository_name, repository.registry_id, true_digest,
                                          image_tag or "null")
    for holder in repository.images:
        if image_tag in holder.image_tags:
            if immutable(repository, image_tag or ""):
                raise EcrError(
                    "ImageTagAlreadyExistsException",
                    f"The image tag '{image_tag}' already exists in the '{repository_name}' repository "
                    "and cannot be overwritten because the tag is immutable.")
            untag(holder, image_tag or "")
    if image is None:
        image = Image(self.account_id, image_tag, image_manifest, repository_name, media_type, true_digest)
        image.image_pushed_at = time.time()
        image.artifact_media_type = manifest.get("artifactType") or (manifest.get("config") or {}).get("mediaType")
        image.subject_manifest_digest = (manifest.get("subject") or {}).get("digest")
        image.image_status = "ACTIVE"
        repository.images.append(image)
    else:
        image.update_tag(image_tag)
    return image


def untag(image: Image, tag: str) -> None:
    """moto remembers the last tag apart from the list."""
    image.remove_tag(tag)
    if not image.image_tags:
        image.image_tag = None


def batch_delete_image(self: ECRBackend, repository_name: str, registry_id: str | None = None,
                       image_ids: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """By digest the image with all its tags; by tag the tag, and the image when
    it was the last. Never what a manifest list still refers to."""
    repository = self._get_repository(repository_name, registry_id)
    done: list[dict[str, str]] = []
    failures: list[dict[str, Any]] = []
    for wish in image_ids or []:
        problem = delete_one(repository, wish, done)
        if problem:
            failures.append({"imageId": wish, "failureCode": problem[0], "failureReason": problem[1]})
    return {"imageIds": done, "failures": failures}


def delete_one(repository: Repository, wish: dict[str, str],
               done: list[dict[str, str]]) -> tuple[str, str] | None:
    """One of the batch; what stood against it, if anything did."""
    digest, tag = wish.get("imageDigest"), wish.get("imageTag")
    if not digest and not tag:
        return "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"
    if digest and not DIGEST.fullmatch(digest):
        return "InvalidImageDigest", ("Invalid request parameters: image digest should satisfy the regex "
                                      "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")
    image = next((one for one in repository.images
                  if (one.get_image_digest() == digest if digest else tag in one.image_tags)), None)
    if image is None:
        return "ImageNotFound", "Requested image not found"
    own = image.get_image_digest()
    if digest and tag and tag not in image.image_tags:
        return "ImageTagDoesNotMatchDigest", "Invalid request parameters: image digest and tag do not match"
    if tag and len(image.image_tags) > 1:
        untag(image, tag)
        done.append({"imageDigest": own, "imageTag": tag})
        return None
    lists = [one.get_image_digest() for one in repository.images if own in children(one)]
    if lists:
        return "ImageReferencedByManifestList", (
            f"Requested image referenced by manifest list: [{', '.join(lists)}]")
    repository.images.remove(image)
    done.extend([{"imageDigest": own, "imageTag": one} for one in image.image_tags]
                or [{"imageDigest": own}])
    return None


def set_repository_policy(self: ECRBackend, registry_id: str | None, repository_name: str,
                          policy_text: str) -> dict[str, Any]:
    """Stores what has been judged before."""
    repository = self._get_repository(repository_name, registry_id)
    repository.policy = policy_text
    return {"registryId": repository.registry_id, "repositoryName": repository_name,
            "policyText": policy_text}


def put_registry_policy(self: ECRBackend, policy_text: str) -> dict[str, Any]:
    """Stores what has been judged before."""
    self.registry_policy = policy_text
    return {"registryId": self.account_id, "policyText": policy_text}


def effective_scanning(self: ECRBackend, names: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """What really happens to a repository: rules of the registry, and where it
    has none the flag of the repository."""
    found, missing = [], []
    for name in names:
        repository = self.repositories.get(name)
        if repository is None:
            missing.append(name)
            continue
        frequency, filters = frequency_of(self.registry_scanning_configuration, repository)
        found.append({"repositoryArn": repository.arn, "repositoryName": name,
                      "scanOnPush": frequency != "MANUAL", "scanFrequency": frequency,
                      "appliedScanFilters": filters})
    return found, missing


def frequency_of(registry: dict[str, Any], repository: Repository) -> tuple[str, list[dict[str, str]]]:
    """Continuous wins over on-push, and that over manual."""
    rules = registry.get("rules") or []
    if not rules:
        if registry.get("scanType") == "ENHANCED":
            return "CONTINUOUS_SCAN", []
        flag = (repository.image_scanning_configuration or {}).get("scanOnPush")
        return ("SCAN_ON_PUSH" if flag else "MANUAL"), []
    matched = [(rule["scanFrequency"], entry) for rule in rules for entry in rule["repositoryFilters"]
               if matches(entry["filter"], repository.name)]
    for frequency in ("CONTINUOUS_SCAN", "SCAN_ON_PUSH"):
        filters = [entry for own, entry in matched if own == frequency]
        if filters:
            return frequency, filters
    return "MANUAL", []


def matches(pattern: str, name: str) -> bool:
    """A filter without a wildcard matches anywhere in the name."""
    return fnmatch.fnmatchcase(name, pattern) if "*" in pattern else pattern in name
