"""All services behind one address, told apart as signed requests can be, and a list of all calls."""

from __future__ import annotations

import hashlib
import json
import re
import time
import urllib.parse
import uuid
from collections import Counter
from dataclasses import dataclass

from ..process import ACCOUNT, REGION
from ..wire import Answer, Request, Service, json_answer
from . import bucket, hub, scans

SCOPE = re.compile(r"Credential=[^/]*/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request")
TARGETS = {"AmazonEC2ContainerRegistry_V20150921": "ecr", "AmazonSQS": "sqs", "AmazonSSM": "ssm", "AWSEvents": "events"}
SQS_TYPE = "application/x-amz-json-1.0"
SNS = ("<{0}Response xmlns='http://sns.amazonaws.com/doc/2010-03-31/'><{0}Result><MessageId>{1}</MessageId></{0}Result>"
       "</{0}Response>")


@dataclass(frozen=True)
class Call:
    """One request, whatever became of it."""

    service: str
    operation: str
    # The object's key or the queue's name, where there is one.
    about: str
    status: int
    received: int
    sent: int

    def __str__(self) -> str:
        return " ".join(filter(None, (self.service, self.operation, self.about)))


class CountedAws:
    """An AWS account on the loopback."""

    def __init__(self) -> None:
        self.scans, self.hub, self.bucket = scans.Scans(), hub.Hub(), bucket.Bucket()
        self.calls: list[Call] = []
        self._service = Service(self._respond)
        self.url = self._service.url

    def __enter__(self) -> CountedAws:
        return self

    def __exit__(self, *_: object) -> None:
        self._service.__exit__()

    def _respond(self, request: Request) -> Answer:
        service, operation = addressed(request)
        try:
            answer = self._answer(service, operation, request)
        except (ValueError, KeyError) as problem:
            answer = scans.refusal("SerializationException", f"{type(problem).__name__}: {problem}")
        # One append is one step: no lock.
        self.calls.append(Call(service, operation, about(service, request), answer.status, len(request.body),
                               len(answer.body)))
        return answer

    def _answer(self, service: str, operation: str, request: Request) -> Answer:
        if service == "ecr":
            return self.scans.answer(operation, request)
        if (service, operation) == ("securityhub", "BatchImportFindings"):
            return self.hub.import_findings(request)
        if service == "s3":
            return self.bucket.answer(request)
        return small(service, operation, request)


def addressed(request: Request) -> tuple[str, str]:
    """Service and operation."""
    target, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
    if target in TARGETS:
        return TARGETS[target], operation
    scope = SCOPE.search(request.headers.get("authorization", ""))
    service = scope.group(1) if scope else "unknown"
    if (request.method, request.path) == ("POST", "/findings/import"):
        return "securityhub", "BatchImportFindings"
    if service == "s3":
        return service, bucket.operation(request)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return service, form(request).get("Action", "")
    return service, operation or f"{request.method} {request.path}"


def about(service: str, request: Request) -> str:
    """What tells calls of one operation apart."""
    if service == "s3":
        return bucket.split(request)[0].partition("/")[2]
    if service == "sqs" and request.body.startswith(b"{"):
        return json.loads(request.body).get("QueueUrl", "").rpartition("/")[2]
    return ""


def form(request: Request) -> dict[str, str]:
    """The parameters of the query protocol."""
    return dict(urllib.parse.parse_qsl(request.body.decode()))


def small(service: str, operation: str, request: Request) -> Answer:
    """The services that are only told something, or asked for next to nothing."""
    identity = str(uuid.uuid4())
    if service == "sns":
        return Answer(200, SNS.format(operation, identity).encode(), (("Content-Type", "text/xml"),))
    asked = json.loads(request.body or b"{}")
    if operation == "SendMessage":
        return json_answer(taken(asked), content_type=SQS_TYPE)
    if operation == "SendMessageBatch":
        sent = [{"Id": one["Id"], **taken(one)} for one in asked["Entries"]]
        return json_answer({"Successful": sent, "Failed": []}, content_type=SQS_TYPE)
    if operation == "GetQueueAttributes":
        name = asked["QueueUrl"].rpartition("/")[2]
        known = {"CreatedTimestamp": str(int(time.time()) - 86400), "ApproximateNumberOfMessages": "0",
                 "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}
        return json_answer({"Attributes": known}, content_type=SQS_TYPE)
    if operation == "PutEvents":
        return json_answer({"FailedEntryCount": 0, "Entries": [{"EventId": identity} for _ in asked["Entries"]]})
    if operation == "GetParameter":
        return scans.refusal("ParameterNotFound", f"There is no {asked.get('Name')}.")
    if operation == "GetParameters":
        return json_answer({"Parameters": [], "InvalidParameters": asked["Names"]})
    return scans.refusal("UnsupportedOperationException", f"The benchmark has no {service} {operation}.")


def taken(message: dict) -> dict[str, str]:
    """What SQS says of a message it has taken."""
    digest = hashlib.md5(message["MessageBody"].encode(), usedforsecurity=False).hexdigest()
    return {"MessageId": str(uuid.uuid4()), "MD5OfMessageBody": digest}


def summary(calls: list[Call]) -> str:
    """What was called how often, in words."""
    counted = Counter(str(call) for call in calls)
    return ", ".join(f"{count} × {name}" for name, count in sorted(counted.items()))
