"""Functions that consume queues: what becomes of a message when they die or fail it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import client
from own import ACCOUNT, create_function, noted, until
from steward_local.cloud import batches

# Does with a batch what its first message says.
BOOTSTRAP = '''
while True:
    event, request = following()
    records = event["Records"]
    wish = json.loads(records[0]["body"])
    note({"bodies": [json.loads(one["body"]) for one in records], "at": time.time(),
          "source": records[0]["eventSourceARN"].rpartition(":")[2],
          "count": int(records[0]["attributes"]["ApproximateReceiveCount"]),
          "from": records[0]["attributes"].get("DeadLetterQueueSourceArn")})
    mode = wish.get("mode")
    if records[0]["eventSourceARN"].endswith("-dead"):
        mode = "fine"
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "slow":
        time.sleep(wish["seconds"])
    failures = [{"itemIdentifier": one["messageId"]} for one in records if json.loads(one["body"]).get("bad")]
    settle(request, wish.get("response", {"batchItemFailures": failures}))
'''


class Line:
    """A queue, the function that consumes it, and its dead-letter queue, consumed as well."""

    def __init__(self, base: str, notes: Path) -> None:
        self.sqs, self.functions, self.notes = client(base, "sqs"), client(base, "lambda"), notes
        self.name = f"line-{uuid.uuid4().hex[:8]}"
        dead = self.sqs.create_queue(QueueName=self.name + "-dead")["QueueUrl"]
        policy = {"deadLetterTargetArn": self.arn("-dead"), "maxReceiveCount": 2}
        self.queue = self.sqs.create_queue(QueueName=self.name, Attributes={
            "VisibilityTimeout": "1", "RedrivePolicy": json.dumps(policy)})["QueueUrl"]
        self.queues = {"": self.queue, "-dead": dead}
        for name in self.queues:
            create_function(self.functions, self.name + name, notes, BOOTSTRAP)
        self.mappings = [self.functions.create_event_source_mapping(
            FunctionName=self.name + name, EventSourceArn=self.arn(name), BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"])["UUID"] for name in self.queues]

    def arn(self, suffix: str) -> str:
        """Of one of the queues."""
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}{suffix}"

    def send(self, *bodies: dict[str, Any]) -> None:
        """Messages of one batch."""
        self.sqs.send_message_batch(QueueUrl=self.queue, Entries=[
            {"Id": str(number), "MessageBody": json.dumps(body)} for number, body in enumerate(bodies)])

    def runs(self, suffix: str = "") -> list[dict[str, Any]]:
        """The batches seen from one of the queues."""
        return [one for one in noted(self.notes) if one["source"] == self.name + suffix]

    def depth(self, suffix: str = "") -> int:
        """Messages left, visible or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=self.queues[suffix], AttributeNames=names)["Attributes"]
        return sum(int(counts[name]) for name in names)


@pytest.fixture
def line(ministack: str, tmp_path: Path) -> Iterator[Line]:
    """With a VisibilityTimeout of a second and two receipts."""
    line = Line(ministack, tmp_path / "notes")
    yield line
    for mapping in line.mappings:
        line.functions.delete_event_source_mapping(UUID=mapping)


def test_a_message_its_function_dies_of_is_dead_lettered_and_consumed_there(line: Line) -> None:
    line.send({"mode": "kill", "which": 1})
    [dead] = until(lambda: line.runs("-dead"))
    runs = line.runs()
    assert [run["count"] for run in runs] == [1, 2]
    assert runs[1]["at"] - runs[0]["at"] >= 1
    assert dead["bodies"] == [{"mode": "kill", "which": 1}] and dead["from"] == line.arn("")
    until(lambda: line.depth() == 0 and line.depth("-dead") == 0)
    # The function is there for the next message.
    line.send({"which": 2})
    until(lambda: line.runs()[2:])


def test_only_failed_messages_come_again(line: Line) -> None:
    line.send({"which": 1}, {"which": 2, "bad": True})
    [dead] = until(lambda: line.runs("-dead"))
    assert dead["bodies"] == [{"which": 2, "bad": True}]
    assert sum({"which": 1} in run["bodies"] for run in line.runs()) == 1


def test_a_response_without_sense_fails_the_whole_batch(line: Line) -> None:
    line.send({"response": {"batchItemFailures": [{"itemIdentifier": ""}]}})
    until(lambda: line.runs("-dead"))
    assert len(line.runs()) == 2


def test_who_is_slower_than_the_visibility_timeout_cannot_delete_a_later_receipt(line: Line) -> None:
    """Two run at once, and the first to end holds a handle that is worth nothing any more. The poller looks
    every second, so the first ends after the second receipt, and before the message is dead-lettered."""
    line.sqs.set_queue_attributes(QueueUrl=line.queue, Attributes={"VisibilityTimeout": "2"})
    line.send({"mode": "slow", "seconds": 3.5})
    until(lambda: len(line.runs()) == 2)
    until(lambda: line.runs("-dead"))


@pytest.mark.parametrize(("response", "left"), [
    (None, []), ({}, []), ({"batchItemFailures": []}, []), ({"batchItemFailures": None}, []), ("", []),
    ({"batchItemFailures": [{"itemIdentifier": "a"}]}, ["a"]),
    ('{"batchItemFailures": [{"itemIdentifier": "a"}]}', ["a"]),
    ({"batchItemFailures": [{"itemIdentifier": None}]}, ["a", "b"]),
    ({"batchItemFailures": [{"itemIdentifier": "c"}]}, ["a", "b"]),
    ({"batchItemFailures": [{"id": "a"}]}, ["a", "b"]),
    ({"batchItemFailures": ["a"]}, ["a", "b"]), ({"batchItemFailures": "a"}, ["a", "b"]),
    ("not json", ["a", "b"]), (["a"], ["a", "b"]),
])
def test_what_a_response_leaves(response: Any, left: list[str]) -> None:
    assert sorted(batches.left(["a", "b"], response)) == left
