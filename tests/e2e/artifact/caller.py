"""CloudFormation as the function sees it: one resource of one stack, its requests, and the tickets for the answers.

No stack stands behind it, so that a test decides alone which request comes when, and how often.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from answer_bucket import AnswerBucket, Ticket
from cloud import EVERY, Cloud, until
from direct import request

ACCOUNT, REGION = "123456789012", "us-east-1"
Event = dict[str, Any]
PREFIX = "/ecr-steward-artifact"
STATE_BUCKET = "ecr-steward-artifact-state"


class Undeployed(Cloud):
    """The local AWS without an installation: the state bucket is one a test made."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables, "", PREFIX)

    @property
    def bucket(self) -> str:
        """The state bucket."""
        return STATE_BUCKET


@dataclass(frozen=True)
class Call:
    """A request and where its answer goes."""

    event: Event
    ticket: Ticket


class Caller:
    """One fleet, in a project of its own."""

    def __init__(self, aws: Cloud, bucket: AnswerBucket) -> None:
        self.project = f"artifact-{uuid.uuid4().hex[:8]}"
        self.guid = str(uuid.uuid4())
        self.stack_id = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{self.project}/{self.guid}"
        self.physical_id = f"ecr-steward/{self.guid}/Fleet"
        self._aws, self._bucket = aws, bucket

    def call(self, kind: str, *names: str, url: str = "", lasts: float = 3600, **properties: Any) -> Call:
        """A request. `url` leads it elsewhere than to the bucket; `lasts` is how long its own URL is good for."""
        id_of_it = str(uuid.uuid4())
        ticket = self._bucket.ticket(self.stack_id, "Fleet", id_of_it, lasts)
        declared = {"ServiceToken": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fleet", "ProjectName": self.project,
                    "Environment": "dev", "RepositoryNames": list(names)} | properties
        known = {} if kind == "Create" else {"PhysicalResourceId": self.physical_id}
        return Call(request(kind, self.stack_id, url or ticket.url, declared, RequestId=id_of_it, **known), ticket)

    def create(self, *names: str, **more: Any) -> Call:
        """A Create of these repositories."""
        return self.call("Create", *names, **more)

    def delete(self, *names: str, **more: Any) -> Call:
        """A Delete of them."""
        return self.call("Delete", *names, **more)

    # ---- what there is of it ----

    def name(self, short: str) -> str:
        """A repository's name."""
        return f"{self.project}-dev-{short}"

    def repositories(self) -> dict[str, dict[str, Any]]:
        """All of the project."""
        return self._aws.registry(self.project)

    def count(self) -> int:
        """How many repositories there are."""
        return len(self._names())

    def remains(self) -> list[str]:
        """All that there is of it, anywhere, by name."""
        return [*self._names(), *self._aws.parameters(self.project),
                *(key for room in ("ledgers", "outputs") for key in self._aws.keys(f"{room}/{self.guid}/"))]

    def _names(self) -> list[str]:
        pages = self._aws.client("ecr").get_paginator("describe_repositories").paginate()
        names = [one["repositoryName"] for page in pages for one in page["repositories"]]
        return [name for name in names if name.startswith(self.project)]

    def everything(self) -> tuple[Any, Any]:
        """All of ECR and SSM that belongs to it."""
        return self.repositories(), self._aws.parameters(self.project)

    def settled(self, count: int, seconds: float = 10) -> None:
        """Until what was under way in ECR when its sender died has come to an end."""
        until(lambda: self.count() >= count, f"{count} repositories", seconds, EVERY)

    def end(self) -> None:
        """Leaves nothing behind, whatever became of the test."""
        for name in self.repositories():
            self._aws.client("ecr").delete_repository(repositoryName=name, force=True)
        for path in self._aws.parameters(self.project):
            self._aws.client("ssm").delete_parameter(Name=f"{self._aws.prefix}/{self.project}/{path}")
