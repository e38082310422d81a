"""What the drift function hears of, writes and reports, from outside.

Events are CloudTrail's, made of those in `events/`; what came of them is read from the services themselves. Nothing
here knows what a test expects.
"""

from __future__ import annotations

import copy
import json
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

from cloud import Cloud
from feed import Feed
from scanned import EVENTS, Event, moment, scheduled
from stacks import Stack

SWITCH = "enforcement"
BASELINE = "Custom::EcrBaseline"
LATEST = "reports/latest"
# ECR's own preview of a lifecycle policy, and whether there is an image that makes it necessary.
PREVIEW_CALLS = ("ListImages", "StartLifecyclePolicyPreview", "GetLifecyclePolicyPreview")


class Oversight(Feed):
    """The drift function, by its queues and its state."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud, cloud.provider["DriftQueueUrl"], cloud.provider["DriftDeadLetterQueueUrl"])
        self._ssm, self._s3 = cloud.client("ssm"), cloud.client("s3")
        settings = cloud.client("lambda").get_function_configuration(FunctionName=cloud.resource("DriftFunction"))
        self.own_role = settings["Environment"]["Variables"]["FUNCTION_ROLE_ARN"]

    # ---- what it hears of ----

    def call(self, operation: str, repository: str, role: str = "", **parameters: Any) -> Event:
        """A call that somebody made, as CloudTrail tells EventBridge; by nobody in particular, or in a role."""
        event = copy.deepcopy(sample("ecr-call-create"))
        account, region = event["account"], self.cloud.variables["AWS_REGION"]
        arn = f"arn:aws:ecr:{region}:{account}:repository/{repository}"
        named = {"resourceArn": arn} if operation in ("TagResource", "UntagResource") else {
            "repositoryName": repository, "registryId": account}
        now = moment(time.time())
        event["detail"] |= {"eventName": operation, "eventTime": now, "awsRegion": region, "responseElements": None,
                            "eventID": str(uuid.uuid4()), "requestID": str(uuid.uuid4()),
                            "requestParameters": named | parameters,
                            "resources": [{"accountId": account, "ARN": arn}]}
        if role:
            name = role.rpartition("/")[2]
            who = event["detail"]["userIdentity"]
            who["arn"] = f"arn:aws:sts::{account}:assumed-role/{name}/session"
            who["sessionContext"]["sessionIssuer"] |= {"arn": role, "userName": name}
        return event | {"id": str(uuid.uuid4()), "time": now, "region": region}

    def push(self, repository: str, digest: str, tag: str = "") -> Event:
        """An image that was pushed, as ECR tells EventBridge."""
        event = copy.deepcopy(sample("ecr-image-push"))
        event["detail"] |= {"repository-name": repository, "image-digest": digest}
        event["detail"].pop("image-tag")
        if tag:
            event["detail"]["image-tag"] = tag
        return event | {"id": str(uuid.uuid4()), "time": moment(time.time())}

    def hear(self, *events: Event) -> None:
        """All of them, and what comes of them."""
        self.put(*events)
        self.settle()

    def sweep(self) -> dict[str, Any]:
        """Everything is looked at; the report."""
        self.send(scheduled())
        self.settle(180)
        return self.report()

    # ---- what it is told to do ----

    def baseline(self, stack: Stack, *rules: dict[str, Any], **more: Any) -> None:
        """Declares the account's baseline in a stack of its own."""
        properties = {"ServiceToken": self.cloud.service_token, "ServiceTimeout": 120, "Rules": list(rules)} | more
        stack.create({"Baseline": {"Type": BASELINE, "Properties": properties}})

    def switch(self, word: str) -> None:
        """The kill switch."""
        self._ssm.put_parameter(Name=f"{self.cloud.prefix}/{SWITCH}", Type="String", Value=word, Overwrite=True)

    def forget_switch(self) -> None:
        """Without one, everything is as declared."""
        names = [f"{self.cloud.prefix}/{SWITCH}"]
        self._ssm.delete_parameters(Names=names)

    # ---- what it did ----

    @contextmanager
    def calls(self) -> Iterator[dict[str, int]]:
        """The calls of ECR within the block, previews apart; filled in at its end."""
        before = self.cloud.ecr_calls()
        counted: dict[str, int] = {}
        yield counted
        for name, count in self.cloud.ecr_calls().items():
            if count > before.get(name, 0) and name not in PREVIEW_CALLS:
                counted[name] = count - before.get(name, 0)

    def report(self, name: str = LATEST) -> dict[str, Any]:
        """A compliance report."""
        found = self.cloud.object(f"{name}.json")
        assert found is not None, f"there is no {name}.json"
        return found

    def document(self, kind: str) -> str:
        """The last report in another format."""
        return self._s3.get_object(Bucket=self.cloud.bucket, Key=f"{LATEST}.{kind}")["Body"].read().decode()

    def journal(self, repository: str) -> list[dict[str, Any]]:
        """The changes of a repository, with the way back."""
        entries = [self.cloud.object(key) for key in self.cloud.keys("journal/")]
        return [one for one in entries if one is not None and repository in json.dumps(one)]

    def forget(self) -> None:
        """As if nothing had ever been mended, counted, heard or reported."""
        for prefix in ("drift/", "journal/", "reports/"):
            for key in self.cloud.keys(prefix):
                self._s3.delete_object(Bucket=self.cloud.bucket, Key=key)


def sample(name: str) -> Event:
    """One of `events/`."""
    return json.loads(Path(EVENTS, f"{name}.json").read_text())


def line(report: dict[str, Any], repository: str) -> dict[str, Any]:
    """What a report says of one repository."""
    [found] = [one for one in report["repositories"] if one["name"] == repository]
    return found


def checks(report: dict[str, Any], repository: str) -> dict[str, dict[str, Any]]:
    """Of its checks, those that are told in full, by what is required."""
    return {one["requirement"]: one for one in line(report, repository).get("checks", [])}


def rule(project: str, name: str = "everything", **require: Any) -> dict[str, Any]:
    """A rule for the repositories of a project."""
    return {"Name": name, "Match": {"Names": [f"{project}*"]}, "Require": require}
