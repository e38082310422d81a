"""Layers of images: uploads in parts, and the bytes themselves, which moto throws away."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Iterator

from moto.ecr import models
from moto.ecr.exceptions import InvalidLayerPartException, UploadNotFoundException
from moto.ecr.models import ECRBackend, LayerUpload, Repository

from .errors import EcrError

Request = dict[str, Any]
# Of all repositories together; they are kept in memory.
MAX_BYTES = 512 * 1024 * 1024


def install() -> None:
    """Once, before the first request."""
    ECRBackend.upload_layer_part = upload_layer_part
    ECRBackend.complete_layer_upload = complete_layer_upload


def blobs(repository: Repository) -> dict[str, bytes]:
    """The layers of a repository by digest; they go with it."""
    if not hasattr(repository, "steward_blobs"):
        repository.steward_blobs = {}
    return repository.steward_blobs


def upload_of(repository: Repository, upload_id: str) -> LayerUpload:
    """An upload under way, or its absence."""
    upload = repository.uploads.get(upload_id)
    if upload is None:
        raise UploadNotFoundException(upload_id, repository.name, repository.registry_id)
    return upload


def append(upload: LayerUpload, data: bytes) -> None:
    """More of a layer, within the bounds of the memory."""
    if len(data) + sum(len(one) for one in everything()) > MAX_BYTES:
        raise EcrError("LimitExceededException",
                       f"The local registry keeps at most {MAX_BYTES} bytes of layers; delete repositories")
    upload.layer_parts += data


def everything() -> Iterator[bytes | bytearray]:
    """All layers and parts of all registries, each content as often as it is kept."""
    states = [state for account in list(models.ecr_backends.values()) for state in list(account.values())]
    states += [state.steward_gallery for state in states if hasattr(state, "steward_gallery")]
    seen: set[int] = set()
    for repository in [one for state in states for one in list(state.repositories.values())]:
        for data in [*blobs(repository).values(), *(one.layer_parts for one in list(repository.uploads.values()))]:
            if id(data) not in seen:
                seen.add(id(data))
                yield data


def finish(repository: Repository, upload: LayerUpload, wanted: list[str]) -> str:
    """The upload becomes a layer under its true digest, which has to be among those wanted."""
    data = bytes(upload.layer_parts)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    del repository.uploads[upload.upload_id]
    if digest not in wanted:
        raise EcrError("InvalidLayerException", f"Digest {digest} of the uploaded layer does not match the provided "
                       f"digests {', '.join(wanted)}")
    keep(repository, digest, data)
    return digest


def keep(repository: Repository, digest: str, data: bytes) -> None:
    """A layer that is whole; the same object where another repository has it."""
    blobs(repository)[digest] = data
    repository.layers[digest] = len(data)


def upload_layer_part(self: ECRBackend, repository_name: str, upload_id: str, part_first_byte: int,
                      part_last_byte: int, layer_part_blob: bytes, registry_id: str | None = None) -> Request:
    """Parts come in order, each as long as it says."""
    repository = self._get_repository(repository_name, registry_id)
    upload = upload_of(repository, upload_id)
    if part_first_byte != upload.last_byte_received + 1:
        raise InvalidLayerPartException(repository.registry_id, repository_name, upload_id,
                                        upload.last_byte_received)
    if part_last_byte - part_first_byte + 1 != len(layer_part_blob):
        raise EcrError("InvalidParameterException", "The part is not as long as its first and last byte say")
    append(upload, layer_part_blob)
    return {"registryId": repository.registry_id, "repositoryName": repository_name, "uploadId": upload_id,
            "lastByteReceived": upload.last_byte_received}


def complete_layer_upload(self: ECRBackend, repository_name: str, upload_id: str, layer_digests: list[str],
                          registry_id: str | None = None) -> Request:
    """As the service does it: what is there, empty or something else is refused."""
    repository = self._get_repository(repository_name, registry_id)
    upload = upload_of(repository, upload_id)
    if not upload.layer_parts:
        raise EcrError("EmptyUploadException", "The specified layer upload does not contain any layer parts")
    if any(digest in repository.layers for digest in layer_digests):
        raise EcrError("LayerAlreadyExistsException", f"Layer with digest '{layer_digests[0]}' already exists in the "
                       f"repository with name '{repository_name}' in the registry with id '{repository.registry_id}'")
    digest = finish(repository, upload, layer_digests)
    return {"registryId": repository.registry_id, "repositoryName": repository_name, "uploadId": upload_id,
            "layerDigest": digest}


def initiate(request: Request, state: ECRBackend) -> Request:
    """A new upload."""
    return state.initiate_layer_upload(request["repositoryName"])


def upload(request: Request, state: ECRBackend) -> Request:
    """A part of it."""
    return state.upload_layer_part(request["repositoryName"], request["uploadId"], request["partFirstByte"],
                                   request["partLastByte"], base64.b64decode(request["layerPartBlob"]))


def complete(request: Request, state: ECRBackend) -> Request:
    """The parts become a layer."""
    return state.complete_layer_upload(request["repositoryName"], request["uploadId"], request["layerDigests"])


def availability(request: Request, state: ECRBackend) -> Request:
    """Which layers need not be sent again."""
    return state.batch_check_layer_availability(request["repositoryName"], request["layerDigests"])
