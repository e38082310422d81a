"""Layers and configurations: uploads at once or in chunks, mounts, downloads."""

from __future__ import annotations

import re
from typing import Callable

from moto.ecr.models import LayerUpload
from werkzeug.wrappers import Response

from ..ecr import layers, registry
from .call import Call
from .errors import refused

DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
CONTENT_RANGE = re.compile(r"(?:bytes )?([0-9]+)-([0-9]+)(?:/.*)?")


def start(call: Call) -> Response:
    """A whole layer at once, one that is elsewhere already, or the begin of an upload."""
    mounted = call.request.args.get("mount")
    if mounted and mount(call, wanted(mounted)):
        return created(call, mounted)
    upload = LayerUpload(call.repository.name, call.repository.registry_id)
    call.repository.uploads[upload.upload_id] = upload
    digest = call.request.args.get("digest")
    if digest:
        layers.append(upload, call.body)
        return created(call, layers.finish(call.repository, upload, [wanted(digest)]))
    return progress(call, upload, 202)


def mount(call: Call, digest: str) -> bool:
    """Only where the account wants it so; the layer is sent otherwise."""
    if registry.store(call.state)["settings"].get("BLOB_MOUNTING") != "ENABLED":
        return False
    source = call.state.repositories.get(call.request.args.get("from", ""))
    data = layers.blobs(source).get(digest) if source else None
    if data is not None:
        layers.keep(call.repository, digest, data)
    return data is not None


def part(call: Call) -> Response:
    """The next chunk, where the last one ended."""
    upload = layers.upload_of(call.repository, call.reference)
    place(call, upload)
    layers.append(upload, call.body)
    return progress(call, upload, 202)


def place(call: Call, upload: LayerUpload) -> None:
    """Chunks come in order, each as long as it says; one that does not say where it belongs is the next."""
    told = call.request.headers.get("Content-Range")
    match = CONTENT_RANGE.fullmatch(told) if told else None
    if told and (match is None or int(match[1]) != len(upload.layer_parts)
                 or int(match[2]) - int(match[1]) + 1 != len(call.body)):
        raise refused("BLOB_UPLOAD_INVALID", f"Content-Range {told} does not follow the {len(upload.layer_parts)} "
                      "bytes that are there", 416)


def complete(call: Call) -> Response:
    """The last chunk, if there is one more, and the digest of all."""
    upload = layers.upload_of(call.repository, call.reference)
    digest = wanted(call.request.args.get("digest", ""))
    if call.body:
        place(call, upload)
        layers.append(upload, call.body)
    return created(call, layers.finish(call.repository, upload, [digest]))


def status(call: Call) -> Response:
    """How far it is."""
    return progress(call, layers.upload_of(call.repository, call.reference), 204)


def cancel(call: Call) -> Response:
    """What was sent is forgotten."""
    del call.repository.uploads[layers.upload_of(call.repository, call.reference).upload_id]
    return Response(status=204)


def get(call: Call) -> Response:
    """All of it or, as asked for by Range, a part."""
    data = layers.blobs(call.repository).get(wanted(call.reference))
    if data is None:
        raise refused("BLOB_UNKNOWN", f"The layer '{call.reference}' does not exist in the repository with name "
                      f"'{call.repository.name}'", 404)
    response = Response(data, content_type="application/octet-stream",
                        headers={"Docker-Content-Digest": call.reference})
    return response.make_conditional(call.request, accept_ranges=True, complete_length=len(data))


def wanted(digest: str) -> str:
    """A digest of the one kind there is here."""
    if not DIGEST.fullmatch(digest):
        raise refused("DIGEST_INVALID", f"'{digest}' is not a sha256 digest", 400)
    return digest


def created(call: Call, digest: str) -> Response:
    """The layer is there."""
    return Response(status=201, headers={"Location": f"{call.path}/blobs/{digest}", "Docker-Content-Digest": digest})


def progress(call: Call, upload: LayerUpload, code: int) -> Response:
    """Where to go on, and what has arrived."""
    return Response(status=code, headers={
        "Location": f"{call.path}/blobs/uploads/{upload.upload_id}", "Docker-Upload-UUID": upload.upload_id,
        "Range": f"0-{max(len(upload.layer_parts) - 1, 0)}"})


HANDLERS: dict[str, Callable[[Call], Response]] = {
    "StartUpload": start,
    "GetUpload": status,
    "UploadPart": part,
    "CompleteUpload": complete,
    "CancelUpload": cancel,
    "GetBlob": get,
}
