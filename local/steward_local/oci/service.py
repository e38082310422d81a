"""From a request below /v2/ to its answer: who asks, for what, of which registry.

The Region and whether it is ECR or ECR Public come from the token a client logs in with, since all of them have the
same address here. Names of public repositories begin with the alias of their registry, as in AWS.
"""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Callable

from moto.core.exceptions import ServiceException
from moto.ecr.models import ECRBackend
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from ..ecr import backend, gallery, tokens
from ..ecr.errors import EcrError
from ..ecr.journal import Journal
from ..ecr.layers import MAX_BYTES
from ..ecr.limits import Limits
from . import blobs, manifests
from .call import Call
from .errors import answered, refused

SERVICE = "distribution"
NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
# In order: what is below a repository may look like a part of its name.
ROUTES = [(re.compile(pattern), methods) for pattern, methods in (
    (r"/v2/?", {"GET": "Ping", "HEAD": "Ping"}),
    (r"/v2/(?P<name>.+)/blobs/uploads/?", {"POST": "StartUpload"}),
    (r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)", {
        "GET": "GetUpload", "PATCH": "UploadPart", "PUT": "CompleteUpload", "DELETE": "CancelUpload"}),
    (r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)", {"GET": "GetBlob", "HEAD": "GetBlob"}),
    (r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)", {
        "GET": "GetManifest", "HEAD": "GetManifest", "PUT": "PutManifest"}),
    (r"/v2/(?P<name>.+)/tags/list", {"GET": "ListTags"}),
    (r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)", {"GET": "ListReferrers"}),
)]
HANDLERS: dict[str, Callable[[Call], Response]] = {**blobs.HANDLERS, **manifests.HANDLERS}


def concerns(request: Request) -> bool:
    """Is this a request of a docker client?"""
    return request.path == "/v2" or request.path.startswith("/v2/")


def serve(request: Request, journal: Journal, limits: Limits, turn: threading.Lock) -> Response:
    """The answer, counted, limited and failed like those of the services."""
    operation, name, reference = addressed(request)
    journal.called(SERVICE, operation)
    request.max_content_length = MAX_BYTES
    body = b""
    try:
        body = request.get_data()
        if not limits.allows(SERVICE):
            journal.throttled(SERVICE, operation)
            raise EcrError("ThrottlingException", "Rate exceeded", 429)
        fault = journal.fault(operation, [name] if name else [])
        if fault:
            time.sleep(fault.delay)
            if fault.error:
                raise EcrError(fault.error, fault.message, fault.status)
        with turn:
            response = answer(request, operation, name, reference, body)
        journal.succeeded(SERVICE, operation, [name] if name else [])
    except ServiceException as problem:
        response = answered(EcrError(problem.code, problem.message), request.host)
    except HTTPException as problem:
        # A body over the bound, a range that is not there.
        code = "SIZE_INVALID" if problem.code == 413 else "UNSUPPORTED"
        response = answered(refused(code, problem.description or problem.name, problem.code or 400), request.host)
    except EcrError as problem:
        response = answered(problem, request.host)
    if response.status_code >= 400:
        journal.refused(SERVICE, operation)
    journal.sized(SERVICE, operation, body, None, response.status_code)
    response.headers["Docker-Distribution-API-Version"] = "registry/2.0"
    return response


def addressed(request: Request) -> tuple[str, str, str]:
    """Operation, name of the repository, and what of it; the method where there is no such operation."""
    for pattern, methods in ROUTES:
        match = pattern.fullmatch(request.path)
        if match:
            found = match.groupdict()
            operation = methods.get(request.method, f"{request.method} unknown")
            return operation, found.get("name") or "", found.get("reference") or ""
    return f"{request.method} unknown", "", ""


def answer(request: Request, operation: str, name: str, reference: str, body: bytes) -> Response:
    """Nobody gets further than here without a token."""
    login = request.authorization
    told = tokens.read(login.username or "", login.password or "") if login and login.type == "basic" else None
    if told is None:
        raise refused("UNAUTHORIZED", "Your authorization token is missing, wrong or has expired. "
                      "Reauthenticate and try again.", 401)
    if operation == "Ping":
        return Response(json.dumps({}), content_type="application/json")
    if operation not in HANDLERS:
        raise refused("UNSUPPORTED", f"The registry has no {request.method} {request.path}", 405)
    if not NAME.fullmatch(name):
        raise refused("NAME_INVALID", f"'{name}' is not a name of a repository", 400)
    state, own = registry(told, name)
    return HANDLERS[operation](Call(request, body, state, state._get_repository(own), f"/v2/{name}", reference))


def registry(told: dict[str, str], name: str) -> tuple[ECRBackend, str]:
    """The registry a token is for, and the name the repository has in it."""
    if told["service"] != "ecr-public":
        private = backend.of(told["region"])
        if told["account"] != private.account_id:
            raise refused("NAME_UNKNOWN", f"There is no registry with id '{told['account']}' here", 404)
        return private, name
    state = gallery.of()
    alias, _, own = name.partition("/")
    if alias != state.alias:
        raise refused("NAME_UNKNOWN", f"Names of public repositories begin with {state.alias}/", 404)
    return state, own
