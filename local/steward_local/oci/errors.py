"""Errors in the words of the distribution spec. What ECR refuses is put into them as ECR itself does it."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

from ..ecr.errors import EcrError

# By the code of ECR: that of the spec, and the status.
CODES = {
    "RepositoryNotFoundException": ("NAME_UNKNOWN", 404),
    "ImageNotFoundException": ("MANIFEST_UNKNOWN", 404),
    "ReferencedImagesNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "UploadNotFoundException": ("BLOB_UPLOAD_UNKNOWN", 404),
    "ImageTagAlreadyExistsException": ("TAG_INVALID", 400),
    "ImageDigestDoesNotMatchException": ("DIGEST_INVALID", 400),
    "InvalidLayerException": ("DIGEST_INVALID", 400),
    "InvalidParameterException": ("MANIFEST_INVALID", 400),
    "LimitExceededException": ("DENIED", 403),
    "AccessDeniedException": ("DENIED", 403),
    "ThrottlingException": ("TOOMANYREQUESTS", 429),
    "TooManyRequestsException": ("TOOMANYREQUESTS", 429),
}


def refused(code: str, message: str, status: int) -> EcrError:
    """A refusal that is the protocol's own."""
    return EcrError(code, message, status)


def answered(problem: EcrError, host: str) -> Response:
    """The refusal as clients read it; who is not let in is told how to ask."""
    code, status = CODES.get(problem.code, (problem.code, problem.status))
    if not code.isupper():
        code = "UNKNOWN"
    response = Response(json.dumps({"errors": [{"code": code, "message": problem.message}]}), status,
                        content_type="application/json; charset=utf-8")
    if code == "UNAUTHORIZED":
        response.headers["WWW-Authenticate"] = f'Basic realm="http://{host}/",service="ecr.amazonaws.com"'
    return response
