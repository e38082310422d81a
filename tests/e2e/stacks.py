"""CloudFormation stacks of custom resources, and what CloudFormation says about them."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from cloud import Cloud, until

FLEET = "Custom::EcrRepositories"
SECONDS = 90
Resources = dict[str, dict[str, Any]]


class Stack:
    """One stack by its name."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud = cloud
        self.name = name
        self.id = ""
        # Longest that an operation may take.
        self.patience = SECONDS
        self._api = cloud.client("cloudformation")

    @property
    def guid(self) -> str:
        """The unique last part of the stack's ARN."""
        return self.id.rpartition("/")[2]

    def owner(self, logical_id: str = "Fleet") -> str:
        """The owner tag of what a resource of this stack makes."""
        return f"{self.guid}/{logical_id}"

    def create(self, resources: Resources, expect: str = "CREATE_COMPLETE", **more: Any) -> None:
        """Creates the stack and waits for the status expected."""
        self.begin_create(resources, **more)
        self.wait(expect)

    def begin_create(self, resources: Resources, outputs: dict[str, Any] | None = None,
                     tags: dict[str, str] | None = None) -> None:
        """Creates the stack."""
        answer = self._api.create_stack(
            StackName=self.name, TemplateBody=template(resources, outputs), Tags=listed(tags),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        self.id = answer["StackId"]

    def update(self, resources: Resources, expect: str = "UPDATE_COMPLETE", **more: Any) -> None:
        """Updates the stack and waits for the status expected."""
        self.begin_update(resources, **more)
        self.wait(expect)

    def begin_delete(self) -> None:
        """Deletes the stack."""
        self._api.delete_stack(StackName=self.name)

    def begin_update(self, resources: Resources, outputs: dict[str, Any] | None = None,
                     tags: dict[str, str] | None = None) -> None:
        """Updates the stack."""
        self._api.update_stack(
            StackName=self.name, TemplateBody=template(resources, outputs), Tags=listed(tags),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])

    def delete(self, expect: str = "DELETE_COMPLETE") -> None:
        """Deletes the stack and waits for the status expected."""
        self.begin_delete()
        self.wait(expect)

    def status(self) -> str:
        """The stack's status."""
        try:
            found = self._api.describe_stacks(StackName=self.id or self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return "DELETE_COMPLETE"
            raise
        return found["StackStatus"]

    def at_rest(self) -> str:
        """The status in which the operation ends."""
        def resting() -> str:
            now = self.status()
            return "" if now.endswith("_IN_PROGRESS") else now

        return until(resting, f"the end of the operation of {self.name}", self.patience, 0.05)

    def wait(self, expect: str) -> None:
        """Until the operation has ended, and as expected."""
        ended = self.at_rest()
        assert ended == expect, f"{self.name} is {ended}: {self.failures()}"

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        found = self._api.describe_stacks(StackName=self.name)["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def events(self) -> list[dict[str, Any]]:
        """Everything that happened, oldest first."""
        return list(reversed(self._api.describe_stack_events(StackName=self.id or self.name)["StackEvents"]))

    def failures(self) -> dict[str, str]:
        """The last reason of every resource that failed."""
        return {event["LogicalResourceId"]: event.get("ResourceStatusReason", "") for event in self.events()
                if event["ResourceStatus"].endswith("_FAILED")}

    def reason_of_failure(self, logical_id: str = "Fleet") -> str:
        """Why a resource failed, as CloudFormation shows it."""
        return self.failures()[logical_id]

    def physical_id(self, logical_id: str = "Fleet") -> str:
        """A resource's physical id."""
        answer = self._api.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return answer["StackResourceDetail"]["PhysicalResourceId"]


class Lab:
    """A project of the test's own, with its stacks."""

    def __init__(self, cloud: Cloud, project: str) -> None:
        self.cloud = cloud
        self.project = project
        self.stacks: list[Stack] = []

    def stack(self, suffix: str = "") -> Stack:
        """A stack that ends with the test."""
        stack = Stack(self.cloud, f"{self.project}{suffix}")
        self.stacks.append(stack)
        return stack

    def properties(self, *names: str, **more: Any) -> dict[str, Any]:
        """Properties of a fleet; None leaves one out."""
        usual = {"ServiceToken": self.cloud.service_token, "ServiceTimeout": 120, "ProjectName": self.project,
                 "Environment": "dev", "RepositoryNames": list(names)} | more
        return {key: value for key, value in usual.items() if value is not None}

    def fleet(self, *names: str, **more: Any) -> dict[str, Any]:
        """A fleet as a resource."""
        return {"Type": FLEET, "Properties": self.properties(*names, **more)}

    def refused(self, after: str = "Fleet") -> dict[str, Any]:
        """A sibling that fails, after another resource is done."""
        return self.fleet("never", Environment="UPPER CASE") | {"DependsOn": after}

    def name(self, short: str, environment: str = "dev") -> str:
        """A repository's name by the usual pattern."""
        return f"{self.project}-{environment}-{short}"

    def registry(self) -> dict[str, dict[str, Any]]:
        """All repositories of the project."""
        return self.cloud.registry(self.project)

    def everything(self) -> tuple[Any, Any]:
        """All of ECR and SSM that belongs to the project; equal dumps mean nothing changed."""
        return self.registry(), self.cloud.parameters(self.project)

    def returns_to(self, before: tuple[Any, Any], seconds: float = 30) -> None:
        """Waits until the world is as it was; shows what differs when it does not get there."""
        try:
            until(lambda: self.everything() == before, "the world as it was", seconds)
        except AssertionError:
            assert self.everything() == before
            raise

    def end(self) -> None:
        """Leaves nothing behind, whatever became of the test."""
        for stack in reversed(self.stacks):
            if stack.id and stack.at_rest() != "DELETE_COMPLETE":
                for name in self.registry():
                    self.cloud.empty(name)
                stack.delete()
        for name in self.registry():
            self.cloud.client("ecr").delete_repository(repositoryName=name, force=True)
        for path in self.cloud.parameters(self.project):
            self.cloud.client("ssm").delete_parameter(Name=f"{self.cloud.prefix}/{self.project}/{path}")


def uninstall(cloud: Cloud, stack: Stack, bucket: str) -> None:
    """Deletes a stack and the bucket it may keep."""
    described = cloud.client("cloudformation").describe_stack_resource(StackName=stack.name, LogicalResourceId=bucket)
    name, s3 = described["StackResourceDetail"]["PhysicalResourceId"], cloud.client("s3")
    # Listed as a whole first: MiniStack loses its place when the version a page ended with is deleted.
    for page in list(s3.get_paginator("list_object_versions").paginate(Bucket=name)):
        for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    stack.delete()
    if name in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        s3.delete_bucket(Bucket=name)


def template(resources: Resources, outputs: dict[str, Any] | None = None) -> str:
    """A template; outputs are given by the attribute they show."""
    shown = {key: {"Value": {"Fn::GetAtt": value}} for key, value in (outputs or {}).items()}
    return json.dumps({"Resources": resources} | ({"Outputs": shown} if shown else {}))


def listed(tags: dict[str, str] | None) -> list[dict[str, str]]:
    """Tags as most APIs want them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
