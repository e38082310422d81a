"""The local AWS as the tests see it: what ECR, SSM, S3 and CloudFormation hold, and the switches behind ECR.

Reading is by the services' own APIs. Nothing here knows what a test expects.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, Callable, Iterator, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# Between two looks at what is over in a moment.
EVERY = 0.02
WRITE_VERBS = ("Create", "Put", "Set", "Update", "Delete", "Tag", "Untag", "Register", "Deregister", "BatchDelete",
               "Start")
T = TypeVar("T")


def until(look: Callable[[], T], what: str, seconds: float = 30, every: float = 0.1) -> T:
    """Looks until there is something to see; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(every)


class Cloud:
    """Clients, dumps and counters of the local AWS with one installation of ecr-steward in it."""

    def __init__(self, variables: dict[str, str], installation: str, prefix: str) -> None:
        self.variables = variables
        self.installation = installation
        self.prefix = prefix
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service: str) -> Any:
        """A client; one for each service, used by all threads."""
        with self._making:
            if service not in self._clients:
                variable = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
                self._clients[service] = boto3.client(
                    service, endpoint_url=self.variables.get(variable, self.variables["AWS_ENDPOINT_URL"]),
                    region_name=self.variables["AWS_REGION"], aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
                    config=Config(read_timeout=120, max_pool_connections=32, retries={"total_max_attempts": 1}))
            return self._clients[service]

    # ---- the installation ----

    @cached_property
    def provider(self) -> dict[str, str]:
        """The outputs of the installation's stack."""
        stack = self.client("cloudformation").describe_stacks(StackName=self.installation)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @property
    def service_token(self) -> str:
        """What custom resources name."""
        return self.provider["ServiceToken"]

    @property
    def bucket(self) -> str:
        """The state bucket."""
        return self.provider["StateBucketName"]

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource of the installation."""
        answer = self.client("cloudformation").describe_stack_resource(
            StackName=self.installation, LogicalResourceId=logical_id)
        return answer["StackResourceDetail"]["PhysicalResourceId"]

    @cached_property
    def log_group(self) -> str:
        """Where the function logs."""
        return self.resource("CustomResourceLogGroup")

    def log(self, stack_id: str) -> list[dict[str, Any]]:
        """What the function logged about a stack."""
        lines = [json.loads(line) for line in self.printed(self.log_group) if line.startswith("{")]
        return [line for line in lines if line.get("stack_id") == stack_id]

    def printed(self, log_group: str) -> list[str]:
        """Every line of a log group, as it stands there."""
        answer: dict[str, Any] = {}
        lines: list[str] = []
        while True:
            token = {"nextToken": answer["nextToken"]} if answer.get("nextToken") else {}
            answer = self.client("logs").filter_log_events(logGroupName=log_group, **token)
            lines.extend(event["message"] for event in answer["events"])
            if not answer.get("nextToken") or not answer["events"]:
                return lines

    # ---- ECR ----

    def registry(self, prefix: str) -> dict[str, dict[str, Any]]:
        """Everything ECR holds of the repositories whose names begin so; equal dumps mean nothing changed."""
        ecr = self.client("ecr")
        pages = ecr.get_paginator("describe_repositories").paginate()
        dumps = {}
        for one in (one for page in pages for one in page["repositories"]):
            if one["repositoryName"].startswith(prefix):
                # What is deleted between two reads is not there.
                with suppress(ecr.exceptions.RepositoryNotFoundException):
                    dumps[one["repositoryName"]] = self._repository(one)
        return dumps

    def _repository(self, described: dict[str, Any]) -> dict[str, Any]:
        ecr, name = self.client("ecr"), described["repositoryName"]
        images = ecr.describe_images(repositoryName=name)["imageDetails"]
        return {
            "arn": described["repositoryArn"],
            "created": described["createdAt"],
            "mutability": described["imageTagMutability"],
            "exclusions": sorted(one["filter"] for one in described.get("imageTagMutabilityExclusionFilters", [])),
            "scan": described["imageScanningConfiguration"]["scanOnPush"],
            "encryption": described["encryptionConfiguration"],
            "tags": {tag["Key"]: tag["Value"]
                     for tag in ecr.list_tags_for_resource(resourceArn=described["repositoryArn"])["tags"]},
            "lifecycle": parsed(lambda: ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]),
            "policy": parsed(lambda: ecr.get_repository_policy(repositoryName=name)["policyText"]),
            "images": {image["imageDigest"]: (sorted(image.get("imageTags", [])), image["imagePushedAt"])
                       for image in images},
        }

    def push_image(self, repository: str, tag: str) -> str:
        """Puts an image; its digest."""
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                    "config": {"digest": "sha256:" + "0" * 64, "size": 1,
                               "mediaType": "application/vnd.docker.container.image.v1+json"},
                    "layers": [], "annotations": {"tag": tag}}
        answer = self.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(manifest),
                                              imageTag=tag)
        return answer["image"]["imageId"]["imageDigest"]

    def empty(self, repository: str) -> None:
        """Deletes every image."""
        ecr = self.client("ecr")
        images = ecr.list_images(repositoryName=repository)["imageIds"]
        if images:
            ecr.batch_delete_image(repositoryName=repository,
                                   imageIds=[{"imageDigest": one["imageDigest"]} for one in images])

    def ecr_calls(self) -> dict[str, int]:
        """How often each operation of ECR was called so far."""
        return self.control("GET", "calls").get("ecr", {})

    def ecr_writes(self) -> dict[str, int]:
        """The writing ones of them."""
        return {name: count for name, count in self.ecr_calls().items() if name.startswith(WRITE_VERBS)}

    @contextmanager
    def counting(self) -> Iterator[dict[str, int]]:
        """The writes that ECR was asked for within the block, filled in at its end."""
        before = self.ecr_writes()
        counted: dict[str, int] = {}
        yield counted
        for name, count in self.ecr_writes().items():
            if count > before.get(name, 0):
                counted[name] = count - before.get(name, 0)

    def inject(self, operation: str, error: str = "", **more: Any) -> None:
        """Lets ECR fail, or with `delay_ms` only answer late."""
        self.control("POST", "faults", {"operation": operation, "error": error, **more})

    def clear_faults(self) -> None:
        """ECR works again."""
        self.control("DELETE", "faults")

    def ecr_throttled(self) -> int:
        """How many calls of ECR were over the limit so far."""
        return sum(self.control("GET", "throttled").get("ecr", {}).values())

    def ecr_successes(self) -> dict[str, dict[str, int]]:
        """How often each operation of ECR did its work so far, for each repository."""
        return self.control("GET", "succeeded")

    def limit_ecr(self, calls_per_second: float, burst: float) -> None:
        """ECR takes no more calls than these, and so many at once after a pause."""
        self.control("PUT", "limits", {"calls_per_second": calls_per_second, "burst": burst})

    def free_ecr(self) -> None:
        """It takes as many as come."""
        self.control("DELETE", "limits")

    # ---- CloudFormation's bucket ----

    def answers(self, stack_id: str) -> list[dict[str, Any]]:
        """What became of the response URL of every request for a stack, in the order they were sent."""
        accounts = self.control("GET", "answers", of="AWS_ENDPOINT_URL")
        return [one for one in accounts if one["request"].get("StackId") == stack_id]

    def control(self, method: str, path: str, body: Any = None, of: str = "AWS_ENDPOINT_URL_ECR") -> Any:
        """A switch of the local AWS; see local/steward_local/ecr/control.py."""
        url = f"{self.variables[of]}/_steward/{path}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    # ---- SSM and S3 ----

    def versions(self) -> dict[str, int]:
        """Every parameter below the prefix, with the number of times it was written."""
        pages = self.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=self.prefix, Recursive=True)
        return {one["Name"]: one["Version"] for page in pages for one in page["Parameters"]}

    def parameters(self, project: str) -> dict[str, dict[str, Any]]:
        """Every parameter of a project by its path below the project. The version counts the writes."""
        ssm, top = self.client("ssm"), f"{self.prefix}/{project}/"
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=top, Recursive=True)
        found = {}
        for one in (one for page in pages for one in page["Parameters"]):
            tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=one["Name"])["TagList"]
            found[one["Name"].removeprefix(top)] = {
                "value": one["Value"], "type": one["Type"], "version": one["Version"],
                "tags": {tag["Key"]: tag["Value"] for tag in tags}}
        return found

    def urls(self, project: str) -> dict[str, str]:
        """The values of a project's parameters."""
        return {path: parameter["value"] for path, parameter in self.parameters(project).items()}

    def object(self, key: str) -> Any:
        """An object of the state bucket, parsed; None where there is none."""
        s3 = self.client("s3")
        return parsed(lambda: s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def bodies(self, part: str) -> list[bytes]:
        """All that ever stood in the objects of the state bucket whose keys hold this."""
        s3 = self.client("s3")
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket)
        versions = [(one["Key"], one["VersionId"]) for page in pages for one in page.get("Versions", [])]
        return [s3.get_object(Bucket=self.bucket, Key=key, VersionId=version)["Body"].read()
                for key, version in versions if part in key]

    def keys(self, prefix: str) -> list[str]:
        """The keys of the state bucket that begin so."""
        listed = self.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [one["Key"] for one in listed.get("Contents", [])]


def parsed(read: Callable[[], str | bytes]) -> Any:
    """JSON from a service; None where the service has none."""
    try:
        return json.loads(read())
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code.endswith("NotFoundException") or code == "NoSuchKey":
            return None
        raise


class Arrivals:
    """Calls of one operation of ECR, counted from here."""

    def __init__(self, aws: Cloud, operation: str) -> None:
        self._aws, self._operation = aws, operation
        self._before = self._count()

    def wait(self, count: int = 1) -> None:
        """Until so many have come, whether or not they were answered."""
        until(lambda: self._count() >= self._before + count, f"{count} calls of {self._operation}", 20, EVERY)

    def _count(self) -> int:
        return self._aws.ecr_calls().get(self._operation, 0)
