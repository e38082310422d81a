"""The CloudFormation requests of the benchmarks."""

from __future__ import annotations

import uuid
from typing import Any

from .process import ACCOUNT, REGION

# An account to be let in, for an access policy on every repository.
READER = "111122223333"


def request(kind: str, response_url: str, environment: str, count: int, stack: str) -> dict[str, Any]:
    """A fleet of so many repositories, with the default lifecycle policy and an access policy."""
    names = [f"service-{number:02}" for number in range(count)]
    event = {
        "RequestType": kind,
        "ServiceToken": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bench",
        "ResponseURL": response_url,
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/bench/{stack}",
        "RequestId": str(uuid.uuid4()),
        "LogicalResourceId": "Repositories",
        "ResourceType": "Custom::EcrRepositories",
        "ResourceProperties": {"ProjectName": "bench", "Environment": environment, "RepositoryNames": names,
                               "PullPrincipals": [READER]},
    }
    if kind != "Create":
        event["PhysicalResourceId"] = f"ecr-steward/{stack}/Repositories"
        event["OldResourceProperties"] = event["ResourceProperties"]
    return event


def new_stack() -> str:
    """The unique part of a stack's ARN."""
    return str(uuid.uuid4())
