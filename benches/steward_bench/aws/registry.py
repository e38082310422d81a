"""A registry of many repositories, each call of which takes its time, and a queue whose messages can be taken."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import Counter

from ..process import ACCOUNT, REGION
from ..wire import Answer, Request, Service, json_answer
from .bucket import Bucket
from .counted import SQS_TYPE, addressed, small, taken
from .scans import refusal

LIFECYCLE = json.dumps({"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": {
    "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Sid": "Readers", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
    "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]})
LARGEST_PAGE = 1000
ECR_TYPE = (("Content-Type", "application/x-amz-json-1.1"),)


class Registry:
    """So many repositories: a third has no lifecycle policy, half of them no policy, and a few let tags move."""

    def __init__(self, count: int) -> None:
        self._names = [f"team-{number // 250:03}/service-{number:06}" for number in range(count)]
        self._places = {name: place for place, name in enumerate(self._names)}

    def answer(self, operation: str, asked: dict) -> Answer:
        """Whatever a sweep reads."""
        name = asked.get("repositoryName", "")
        if operation == "DescribeRepositories":
            return self._described(asked)
        if operation == "GetLifecyclePolicy":
            if self._places[name] % 3 == 0:
                return refusal("LifecyclePolicyNotFoundException", "There is none.")
            return json_answer({"registryId": ACCOUNT, "repositoryName": name, "lifecyclePolicyText": LIFECYCLE,
                                "lastEvaluatedAt": 1767225600})
        if operation == "GetRepositoryPolicy":
            if self._places[name] % 2:
                return refusal("RepositoryPolicyNotFoundException", "There is none.")
            return json_answer({"registryId": ACCOUNT, "repositoryName": name, "policyText": POLICY})
        if operation == "ListTagsForResource":
            return json_answer({"tags": [{"Key": "owner", "Value": "platform"}]})
        if operation == "GetRegistryScanningConfiguration":
            return json_answer({"registryId": ACCOUNT, "scanningConfiguration": {"scanType": "BASIC", "rules": []}})
        return refusal("UnsupportedOperationException", f"The benchmark has no {operation}.")

    def _described(self, asked: dict) -> Answer:
        if "repositoryNames" in asked:
            found = [repository(self._places[one], one) for one in asked["repositoryNames"]]
            return json_answer({"repositories": found})
        begin, size = int(asked.get("nextToken") or 0), min(asked.get("maxResults", 100), LARGEST_PAGE)
        page = self._names[begin:begin + size]
        told: dict = {"repositories": [repository(begin + at, name) for at, name in enumerate(page)]}
        if begin + size < len(self._names):
            told["nextToken"] = str(begin + size)
        return json_answer(told)


def repository(place: int, name: str) -> dict:
    """As ECR describes it."""
    return {"repositoryArn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}", "registryId": ACCOUNT,
            "repositoryName": name, "repositoryUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}",
            "createdAt": 1767225600, "imageTagMutability": "IMMUTABLE" if place % 10 else "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True}, "encryptionConfiguration": {"encryptionType": "AES256"}}


class Account:
    """An AWS account on the loopback whose queue the benchmark empties."""

    def __init__(self, registry: Registry | None = None, latency: float = 0) -> None:
        self.bucket, self.queue = Bucket(), queue.Queue()
        self.calls: Counter[str] = Counter()
        self._registry, self._latency = registry, latency
        self._counting = threading.Lock()
        self._service = Service(self._respond)
        self.url = self._service.url

    def __enter__(self) -> Account:
        return self

    def __exit__(self, *_: object) -> None:
        self._service.__exit__()

    def _respond(self, request: Request) -> Answer:
        service, operation = addressed(request)
        if service == "s3":
            return self.bucket.answer(request)
        if service == "ecr" and self._registry:
            with self._counting:
                self.calls[operation] += 1
            answer = self._registry.answer(operation, json.loads(request.body or b"{}"))
            # Counted from the request's arrival, whatever this thread waited for meanwhile.
            time.sleep(max(0.0, self._latency - (time.perf_counter_ns() - request.when) / 1e9))
            return answer
        if service == "sqs" and operation in ("SendMessage", "SendMessageBatch"):
            asked = json.loads(request.body)
            entries = asked.get("Entries", [asked])
            for one in entries:
                self.queue.put(one["MessageBody"])
            told = [{"Id": one.get("Id"), **taken(one)} for one in entries]
            return json_answer({"Successful": told, "Failed": []} if "Entries" in asked else told[0],
                               content_type=SQS_TYPE)
        return small(service, operation, request)
