"""The HTTP side: judges a request, lets moto answer it, judges the answer."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from functools import lru_cache
from io import BytesIO
from typing import Any, Callable, Iterable

from botocore.loaders import Loader
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from ..hub import service as hub
from ..oci import service as oci
from . import backend, control, gallery, model, previews, registry, rules, scans, tokens
from .errors import EcrError
from .journal import Journal
from .limits import Limits

TARGET = "AmazonEC2ContainerRegistry_V20150921"
JSON_TYPE = "application/x-amz-json-1.1"
UNSIGNED = ("AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/ecr/aws4_request, "
            "SignedHeaders=host, Signature=none")
UNREADABLE = object()
THROTTLED = EcrError("ThrottlingException", "Rate exceeded")
# What stands before the services with paths does not know their errors.
OVER_RATE = EcrError("TooManyRequestsException", "Rate exceeded", 429)
# The services told apart by a header; all others have paths.
TARGETS = {TARGET: "ecr", gallery.TARGET: "ecr-public"}
SCOPE = re.compile(r"Credential=[^/]*/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


class Application:
    """A WSGI application around moto's."""

    def __init__(self) -> None:
        backend.install()
        self.journal = Journal()
        self.limits = Limits()
        self._moto = DomainDispatcherApplication(create_backend_app)
        # moto keeps its state in plain dictionaries.
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/_steward/"):
            return control.answer(request, self.journal, self.limits)(environ, start_response)
        if request.path.startswith("/moto-api"):
            return self.moto(request, request.get_data())(environ, start_response)
        if oci.concerns(request):
            return oci.serve(request, self.journal, self.limits, self._turn)(environ, start_response)
        service, operation = addressed(request)
        self.journal.called(service, operation)
        given = readable(request.get_data())
        if self.limits.allows(service):
            response = self.admitted(request, service, operation, given)
        else:
            self.journal.throttled(service, operation)
            response = refusal(THROTTLED if service in TARGETS.values() else OVER_RATE, service)
        if response.status_code >= 400:
            self.journal.refused(service, operation)
        self.journal.sized(service, operation, request.get_data(), given, response.status_code)
        response.headers.setdefault("x-amzn-requestid", str(uuid.uuid4()))
        return response(environ, start_response)

    def admitted(self, request: Request, service: str, operation: str, given: Any) -> Response:
        """The answer to a call within the limits, counted where it succeeds."""
        try:
            if given is UNREADABLE and service in ("ecr", "ecr-public", "securityhub"):
                raise EcrError("SerializationException", "The request is not JSON.")
            response = self.respond(request, service, operation, given)
        except EcrError as problem:
            return refusal(problem, service)
        if response.status_code < 400:
            self.journal.succeeded(service, operation, repositories(given))
        return response

    def respond(self, request: Request, service: str, operation: str, given: Any) -> Response:
        """Injected faults first, then the service."""
        fault = self.journal.fault(operation, repositories(given))
        if fault:
            time.sleep(fault.delay)
            if fault.error:
                raise EcrError(fault.error, fault.message, fault.status)
        if service == "ecr":
            return self.ecr(request, operation, given)
        if service == "ecr-public":
            checked = model.validate(operation, given, service)
            with self._turn:
                return Response(json.dumps(gallery.answer(operation, checked, region(request))),
                                content_type=JSON_TYPE)
        with self._turn:
            answer = (hub.answer(operation, given, len(request.get_data()), region(request))
                      if service == "securityhub" else None)
            if answer is not None:
                return Response(json.dumps(answer), content_type="application/json")
            return self.moto(request, request.get_data())

    def ecr(self, request: Request, operation: str, given: Any) -> Response:
        """What is our own, and moto's answers mended."""
        checked = model.validate(operation, given)
        state = backend.of(region(request))
        with self._turn:
            checked = rules.before(operation, checked, state)
            for part in (registry, tokens, scans, previews):
                own = part.answer(operation, checked, state)
                if own is not None:
                    return Response(json.dumps(own), content_type=JSON_TYPE)
            response = self.moto(request, json.dumps(checked).encode())
            if response.status_code >= 400:
                error = json.loads(response.get_data())
                return refusal(EcrError(error["__type"], error.get("message", ""), response.status_code))
            answer = json.loads(response.get_data() or b"{}")
            answer = rules.after(operation, checked, answer)
            if operation == "DescribeImages":
                scans.summarise(answer["imageDetails"], checked, state)
            response.set_data(json.dumps(answer))
            return response

    def moto(self, request: Request, body: bytes) -> Response:
        """moto's answer to this request with this body."""
        environ = dict(request.environ)
        environ.pop("werkzeug.request", None)
        environ.update({"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        if request.headers.get("X-Amz-Target", "").startswith(TARGET):
            # moto goes by the signature and reads forms as forms.
            environ["CONTENT_TYPE"] = JSON_TYPE
            if not SCOPE.search(request.headers.get("Authorization", "")):
                environ["HTTP_AUTHORIZATION"] = UNSIGNED
        try:
            response = Response.from_app(self._moto, environ, buffered=True)
        except EcrError:
            raise
        except Exception as problem:
            if not isinstance(problem, NotImplementedError):
                logging.getLogger(__name__).exception("moto failed")
            raise failure(problem) from problem
        if response.status_code >= 500 and "html" in (response.content_type or ""):
            raise failure(None)
        return response


def failure(problem: Exception | None) -> EcrError:
    """What moto has not built is no fault of the server's that is worth a retry."""
    if isinstance(problem, NotImplementedError):
        return EcrError("UnsupportedOperationException", "The local service does not have this operation.")
    return EcrError("ServerException", "The local service failed; its log says more.", 500)


def readable(body: bytes) -> Any:
    """The JSON of a request, where it is JSON."""
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return UNREADABLE


def refusal(problem: EcrError, service: str = "ecr") -> Response:
    """An error as the SDKs read it: services told apart by path have other members than ECR."""
    told = {"__type": problem.code, "message": problem.message}
    if service == "securityhub":
        told = {"Code": problem.code, "Message": problem.message}
    return Response(json.dumps(told), problem.status, {"x-amzn-errortype": problem.code},
                    content_type=JSON_TYPE if service in TARGETS.values() else "application/json")


def repositories(given: Any) -> list[str]:
    """The repositories a request is about, for faults aimed at one of them and for counts."""
    if not isinstance(given, dict):
        return []
    names = given.get("repositoryNames")
    found = [given.get("repositoryName"), *(names if isinstance(names, list) else []),
             str(given.get("resourceArn", "")).partition(":repository/")[2]]
    return [name for name in found if isinstance(name, str) and name]


def region(request: Request) -> str:
    """From the signature, or the usual one."""
    scope = SCOPE.search(request.headers.get("Authorization", ""))
    return scope.group(1) if scope else "us-east-1"


def addressed(request: Request) -> tuple[str, str]:
    """Which operation of which service a request is meant for."""
    target = request.headers.get("X-Amz-Target", "")
    prefix, _, operation = target.partition(".")
    if prefix in TARGETS:
        return TARGETS[prefix], operation
    scope = SCOPE.search(request.headers.get("Authorization", ""))
    service = scope.group(2) if scope else "unknown"
    if target:
        return service, target.rpartition(".")[2]
    for method, path, name in rest_operations(service):
        if method == request.method and path.fullmatch(request.path):
            return service, name
    return service, f"{request.method} {request.path}"


@lru_cache
def rest_operations(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    """The operations of a service that are told apart by path."""
    if service not in ("securityhub", "inspector2"):
        return []
    operations = Loader().load_service_model(service, "service-2")["operations"]
    return [(one["http"].get("method", "POST"),
             re.compile(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(one["http"]["requestUri"]))), name)
            for name, one in operations.items()]
