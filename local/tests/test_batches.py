"""How batches gather for a function, as a template declares it."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any, Callable

import pytest
from conftest import client, refusal
from own import ACCOUNT, create_function, noted, until

BOOTSTRAP = '''
while True:
    event, request = following()
    records = event["Records"]
    bodies = [json.loads(one["body"]) for one in records]
    note({"bodies": bodies, "at": time.time(), "request": request,
          "counts": [one["attributes"]["ApproximateReceiveCount"] for one in records]})
    time.sleep(max(one.get("seconds", 0) for one in bodies))
    settle(request, {"batchItemFailures": [{"itemIdentifier": one["messageId"]} for one, body in zip(records, bodies)
                                           if body.get("bad")]})
    note({"ended": request, "at": time.time()})
'''


class Line:
    """A queue with its dead-letter queue, and the function it feeds."""

    def __init__(self, base: str, notes: Path, mapping: dict[str, Any], **attributes: Any) -> None:
        self.sqs, self.stacks, self.functions, self.notes = (
            client(base, "sqs"), client(base, "cloudformation"), client(base, "lambda"), notes)
        self.name = f"batch-{uuid.uuid4().hex[:8]}"
        create_function(self.functions, self.name, notes, BOOTSTRAP)
        queue = {"VisibilityTimeout": 2, **attributes, "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 2}}
        self.stacks.create_stack(StackName=self.name, TemplateBody=json.dumps({
            "Resources": {
                "Dead": {"Type": "AWS::SQS::Queue"}, "Queue": {"Type": "AWS::SQS::Queue", "Properties": queue},
                "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
                    "FunctionName": self.name, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "FunctionResponseTypes": ["ReportBatchItemFailures"], **mapping}}},
            "Outputs": {name: {"Value": {"Ref": name}} for name in ("Queue", "Dead", "Mapping")}}))
        self.status = until(self.ended)
        if self.status == "CREATE_COMPLETE":
            outputs = {one["OutputKey"]: one["OutputValue"] for one in self.stacks.describe_stacks(
                StackName=self.name)["Stacks"][0]["Outputs"]}
            self.queue, self.dead, self.mapping = outputs["Queue"], outputs["Dead"], outputs["Mapping"]

    def ended(self) -> str:
        """The status of the stack, when it is final."""
        status = self.stacks.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        return "" if status.endswith("IN_PROGRESS") else status

    def send(self, *bodies: dict[str, Any]) -> None:
        """Ten in a call."""
        for start in range(0, len(bodies), 10):
            answer = self.sqs.send_message_batch(QueueUrl=self.queue, Entries=[
                {"Id": str(number), "MessageBody": json.dumps(body)}
                for number, body in enumerate(bodies[start:start + 10])])
            assert "Failed" not in answer or not answer["Failed"]

    def runs(self) -> list[dict[str, Any]]:
        """The batches seen."""
        return [one for one in noted(self.notes) if "bodies" in one]

    def depth(self, queue: str) -> int:
        """Messages left, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(counts[name]) for name in names)


Maker = Callable[..., Line]


@pytest.fixture
def made(ministack: str, tmp_path: Path) -> Any:
    """Makes lines, and stops their functions from being fed in the end."""
    lines: list[Line] = []

    def make(mapping: dict[str, Any], **attributes: Any) -> Line:
        lines.append(Line(ministack, tmp_path / f"notes{len(lines)}", mapping, **attributes))
        return lines[-1]

    yield make
    for line in lines:
        line.stacks.delete_stack(StackName=line.name)


def test_a_batch_gathers_within_its_window(made: Maker) -> None:
    line = made({"BatchSize": 100, "MaximumBatchingWindowInSeconds": 3})
    begun = time.time()
    line.send(*[{"n": number} for number in range(35)])
    [run] = until(line.runs)
    assert [one["n"] for one in run["bodies"]] == list(range(35))
    assert 2.5 <= run["at"] - begun <= 6
    until(lambda: line.depth(line.queue) == 0)


def test_a_full_batch_does_not_wait(made: Maker) -> None:
    line = made({"BatchSize": 100, "MaximumBatchingWindowInSeconds": 30, "ScalingConfig": {"MaximumConcurrency": 2}})
    line.send(*[{"n": number} for number in range(230)])
    until(lambda: line.runs()[1:])
    assert [len(one["bodies"]) for one in line.runs()] == [100, 100]
    assert line.depth(line.queue) >= 30


def test_a_batch_without_a_window_goes_at_once(made: Maker) -> None:
    line = made({"BatchSize": 10})
    begun = time.time()
    line.send({"n": 1})
    [run] = until(line.runs)
    assert run["at"] - begun < 2


def test_what_failed_comes_again_and_is_dead_lettered_and_the_rest_is_gone(made: Maker) -> None:
    line = made({"BatchSize": 50, "MaximumBatchingWindowInSeconds": 1})
    line.send(*[{"n": number, "bad": number % 10 == 0} for number in range(40)])
    until(lambda: line.depth(line.dead) == 4)
    first, second = line.runs()
    assert (len(first["bodies"]), set(first["counts"])) == (40, {"1"})
    assert [one["n"] for one in second["bodies"]] == [0, 10, 20, 30] and set(second["counts"]) == {"2"}
    # Not before they were visible again.
    assert second["at"] - first["at"] >= 2
    assert line.depth(line.queue) == 0
    [dead] = line.sqs.receive_message(QueueUrl=line.dead, AttributeNames=["All"])["Messages"]
    assert int(dead["Attributes"]["ApproximateReceiveCount"]) == 3


def test_no_more_run_at_once_than_the_mapping_says(made: Maker) -> None:
    line = made({"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": "2"}}, VisibilityTimeout=30)
    line.send(*[{"n": number, "seconds": 0.7} for number in range(6)])
    until(lambda: sum("ended" in one for one in noted(line.notes)) == 6)
    running, most = 0, 0
    for one in sorted(noted(line.notes), key=lambda entry: entry["at"]):
        running += 1 if "bodies" in one else -1
        most = max(most, running)
    assert most == 2


def test_a_delayed_queue_delays(made: Maker) -> None:
    line = made({"BatchSize": 10}, DelaySeconds=2)
    begun = time.time()
    line.send({"n": 1})
    [run] = until(line.runs)
    assert run["at"] - begun >= 2
    line.sqs.send_message(QueueUrl=line.queue, MessageBody='{"n": 2}', DelaySeconds=0)
    until(lambda: line.runs()[1:])
    assert line.runs()[1]["at"] - run["at"] < 2


def test_a_queue_tells_when_it_was_made(made: Maker) -> None:
    line = made({"BatchSize": 10})
    attributes = line.sqs.get_queue_attributes(QueueUrl=line.queue, AttributeNames=["CreatedTimestamp"])["Attributes"]
    assert abs(int(attributes["CreatedTimestamp"]) - time.time()) < 60


@pytest.mark.parametrize("mapping", [{"BatchSize": 11}, {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1},
                                     {"MaximumBatchingWindowInSeconds": 301},
                                     {"ScalingConfig": {"MaximumConcurrency": 1}}])
def test_mappings_lambda_would_not_take_are_refused(made: Maker, ministack: str, mapping: dict[str, Any]) -> None:
    line = made(mapping)
    assert line.status == "ROLLBACK_COMPLETE"
    code, _ = refusal(line.functions.create_event_source_mapping, FunctionName=line.name,
                      EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:any", **mapping)
    assert code in ("InvalidParameterValueException", "ValidationException")


def test_an_update_changes_the_mapping(made: Maker) -> None:
    line = made({"BatchSize": 10})
    template = json.loads(json.dumps(line.stacks.get_template(StackName=line.name)["TemplateBody"]))
    template = template if isinstance(template, dict) else json.loads(template)
    template["Resources"]["Mapping"]["Properties"] |= {"BatchSize": 20, "MaximumBatchingWindowInSeconds": 2,
                                                       "ScalingConfig": {"MaximumConcurrency": 5}}
    line.stacks.update_stack(StackName=line.name, TemplateBody=json.dumps(template))
    assert until(line.ended) == "UPDATE_COMPLETE"
    now = line.functions.get_event_source_mapping(UUID=line.mapping)
    assert (now["BatchSize"], now["MaximumBatchingWindowInSeconds"], now["ScalingConfig"]) == (
        20, 2, {"MaximumConcurrency": 5})
