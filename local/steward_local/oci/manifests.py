"""Manifests and their lists, which are the images of ECR: what is put here is a PutImage, and is read there."""

from __future__ import annotations

import json
import re
from typing import Any, Callable
from urllib.parse import urlencode

from moto.ecr.exceptions import ImageAlreadyExistsException
from moto.ecr.models import Image
from werkzeug.wrappers import Response

from ..ecr.backend import INDEX_MEDIA_TYPES
from .blobs import DIGEST, wanted
from .call import Call
from .errors import refused

MAX_MANIFEST = 4 * 1024 * 1024
MANIFEST_MEDIA_TYPES = ("application/vnd.oci.image.manifest.v1+json",
                        "application/vnd.docker.distribution.manifest.v2+json")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
MAX_TAGS = 1000


def put(call: Call) -> Response:
    """Under a tag or its digest. The same again changes nothing, and is no error."""
    text, manifest, media_type = parsed(call)
    by_digest = ":" in call.reference
    if not by_digest and not TAG.fullmatch(call.reference):
        raise refused("TAG_INVALID", f"'{call.reference}' is not a tag", 400)
    digest = wanted(call.reference) if by_digest else None
    for layer in needed(manifest):
        if layer not in call.repository.layers:
            raise refused("MANIFEST_BLOB_UNKNOWN", f"The layer '{layer}' does not exist in the repository with name "
                          f"'{call.repository.name}'", 404)
    try:
        tag = None if by_digest else call.reference
        own = call.state.put_image(call.repository.name, text, tag, media_type, digest).get_image_digest()
    except ImageAlreadyExistsException:
        own = call.repository._get_image(None if by_digest else call.reference, digest).get_image_digest()
    headers = {"Location": f"{call.path}/manifests/{own}", "Docker-Content-Digest": own}
    if manifest.get("subject"):
        headers["OCI-Subject"] = manifest["subject"]["digest"]
    return Response(status=201, headers=headers)


def parsed(call: Call) -> tuple[str, dict[str, Any], str]:
    """A manifest of a kind that ECR takes: its text, what it says, its media type."""
    if len(call.body) > MAX_MANIFEST:
        raise refused("SIZE_INVALID", f"A manifest has at most {MAX_MANIFEST} bytes", 413)
    try:
        text = call.body.decode()
        manifest = json.loads(text)
        kind = manifest.get("mediaType") or call.request.mimetype
        lists = [manifest.get(member) or [] for member in ("layers", "manifests")]
        digests = [one["digest"] for one in sum(lists, [])]
        digests += [manifest[member]["digest"] for member in ("config", "subject") if manifest.get(member)]
    except (ValueError, AttributeError, KeyError, TypeError):
        raise refused("MANIFEST_INVALID", "The manifest is not JSON of the form it should have", 400) from None
    if kind != call.request.mimetype or kind not in (*MANIFEST_MEDIA_TYPES, *INDEX_MEDIA_TYPES):
        raise refused("MANIFEST_INVALID", f"The media type {call.request.mimetype} is not supported, or not the one "
                      "the manifest has", 400)
    if not all(isinstance(one, str) and DIGEST.fullmatch(one) for one in digests):
        raise refused("MANIFEST_INVALID", "A digest of the manifest is not a sha256 digest", 400)
    return text, manifest, kind


def needed(manifest: dict[str, Any]) -> list[str]:
    """The layers and the configuration; what has an address of its own need not be here."""
    config = [manifest["config"]] if manifest.get("config") else []
    return [one["digest"] for one in config + (manifest.get("layers") or []) if not one.get("urls")]


def get(call: Call) -> Response:
    """By tag or digest, as it was put, byte for byte."""
    by_digest = ":" in call.reference
    image = call.repository._get_image(None if by_digest else call.reference,
                                       wanted(call.reference) if by_digest else None)
    return Response(image.image_manifest.encode(), content_type=image.image_manifest_media_type,
                    headers={"Docker-Content-Digest": image.get_image_digest()})


def tags(call: Call) -> Response:
    """In order, and in pages where they are asked for."""
    last, wish = call.request.args.get("last", ""), call.request.args.get("n", str(MAX_TAGS))
    if not wish.isdigit():
        raise refused("UNSUPPORTED", "n is a number", 400)
    found = sorted(tag for image in call.repository.images for tag in image.image_tags if tag > last)
    shown = found[:min(int(wish), MAX_TAGS)]
    response = Response(json.dumps({"name": call.path.removeprefix("/v2/"), "tags": shown}),
                        content_type="application/json")
    if shown and len(shown) < len(found):
        query = urlencode({"last": shown[-1], "n": len(shown)})
        response.headers["Link"] = f'<{call.path}/tags/list?{query}>; rel="next"'
    return response


def referrers(call: Call) -> Response:
    """What names an image as its subject; whether or not that is there."""
    subject, kind = wanted(call.reference), call.request.args.get("artifactType")
    found = [described(image) for image in call.repository.images
             if getattr(image, "subject_manifest_digest", None) == subject]
    index = {"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPES[0],
             "manifests": [one for one in found if kind in (None, one.get("artifactType"))]}
    response = Response(json.dumps(index), content_type=INDEX_MEDIA_TYPES[0])
    if kind:
        response.headers["OCI-Filters-Applied"] = "artifactType"
    return response


def described(image: Image) -> dict[str, Any]:
    """An image as an index lists it."""
    annotations = json.loads(image.image_manifest).get("annotations")
    told = {"mediaType": image.image_manifest_media_type, "digest": image.get_image_digest(),
            "size": len(image.image_manifest.encode()), "artifactType": image.artifact_media_type,
            "annotations": annotations}
    return {key: value for key, value in told.items() if value}


HANDLERS: dict[str, Callable[[Call], Response]] = {
    "PutManifest": put,
    "GetManifest": get,
    "ListTags": tags,
    "ListReferrers": referrers,
}
