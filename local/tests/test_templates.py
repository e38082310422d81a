"""What a template says about functions reaches them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from conftest import client
from own import ACCOUNT, until

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"


def template(name: str, **properties: Any) -> str:
    """One function, as SAM declares it."""
    return json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Function": {
        "Type": "AWS::Serverless::Function", "Properties": {
            "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "CodeUri": "s3://none/none",
            **properties}}}})


def test_loops_concurrency_and_dead_letters_are_set_and_go_back(ministack: str) -> None:
    stacks, functions = client(ministack, "cloudformation"), client(ministack, "lambda")
    name = f"declared-{uuid.uuid4().hex[:8]}"
    how = {"StackName": name, "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]}

    def shown() -> tuple[Any, ...]:
        return (functions.get_function_recursion_config(FunctionName=name)["RecursiveLoop"],
                functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"),
                functions.get_function_configuration(FunctionName=name).get("DeadLetterConfig", {}).get("TargetArn"))

    def settled(status: str) -> bool:
        return stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == status

    stacks.create_stack(TemplateBody=template(name, RecursiveLoop="Allow", ReservedConcurrentExecutions=3,
                                              DeadLetterQueue={"Type": "SQS", "TargetArn": QUEUE}), **how)
    until(lambda: settled("CREATE_COMPLETE"))
    assert shown() == ("Allow", 3, QUEUE)
    stacks.update_stack(TemplateBody=template(name, MemorySize=256), **how)
    until(lambda: settled("UPDATE_COMPLETE"))
    assert shown() == ("Terminate", None, None)
