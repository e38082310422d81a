"""Functions that die, are late or fail: what their destinations are told, and that they live again."""

from __future__ import annotations

import json
import os
import re
import signal
import time
import uuid
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import client
from own import archive, ask, create_function, function_arn, noted, until

# Does to itself what the event says. What is sent to it as a destination it only notes.
BOOTSTRAP = '''
while True:
    event, request = following()
    if "requestContext" in event:
        note({"told": event, "at": time.time()})
        settle(request, None)
        continue
    event = event.get("ResourceProperties", event)
    mode = event.get("Mode", "fine")
    note({"mode": mode, "request": request, "pid": os.getpid(), "at": time.time()})
    if mode == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "abort":
        os.abort()
    if mode in ("exit", "leave"):
        os._exit(7 if mode == "exit" else 0)
    if mode == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(float(event["Seconds"]))
        note({"survived": request})
    if mode == "error":
        settle(request, {"errorType": "Refused", "errorMessage": "as asked"}, "error")
    else:
        settle(request, {"pid": os.getpid()})
'''
STILLBORN = "os._exit(3)\n"
SULKING = '''
urllib.request.urlopen(urllib.request.Request(API + "init/error", b'{"errorType": "Init.Bad", "errorMessage": "no"}',
                                              method="POST"))
time.sleep(30)
'''


class Pair:
    """A function and the destination of its failures."""

    def __init__(self, base: str, notes: Path) -> None:
        self.base, self.notes = base, notes
        self.functions = client(base, "lambda")
        self.name = f"mortal-{uuid.uuid4().hex[:8]}"
        self.heir = self.name + "-heir"

    def create(self, body: str = BOOTSTRAP, attempts: int = 0, **settings: Any) -> Pair:
        """Both, so that failures are told after this many further attempts."""
        create_function(self.functions, self.name, self.notes, body, **settings)
        create_function(self.functions, self.heir, self.notes, BOOTSTRAP)
        self.functions.put_function_event_invoke_config(
            FunctionName=self.name, MaximumRetryAttempts=attempts, MaximumEventAgeInSeconds=60,
            DestinationConfig={"OnFailure": {"Destination": function_arn(self.heir)}})
        return self

    def send(self, **event: Any) -> None:
        """An event nobody waits for."""
        answer = self.functions.invoke(FunctionName=self.name, InvocationType="Event", Payload=json.dumps(event))
        assert answer["StatusCode"] == 202

    def call(self, **event: Any) -> tuple[str, Any]:
        """An event somebody waits for: the function error and the payload."""
        answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(event))
        return answer.get("FunctionError", ""), json.loads(answer["Payload"].read())

    def seen(self, key: str) -> list[dict[str, Any]]:
        """The notes that have this."""
        return [one for one in noted(self.notes) if key in one]

    def told(self) -> dict[str, Any]:
        """What the destination was told, once it was."""
        return until(lambda: self.seen("told"))[0]["told"]


@pytest.fixture
def pair(ministack: str, tmp_path: Path) -> Iterator[Pair]:
    """Not created yet: tests differ in what they want."""
    pair = Pair(ministack, tmp_path / "notes")
    yield pair
    for name in (pair.name, pair.heir):
        pair.functions.delete_function(FunctionName=name)


def test_the_destination_is_told_as_on_aws(pair: Pair) -> None:
    pair.create().send(Mode="kill", More=[1, None])
    told = pair.told()
    [attempt] = pair.seen("mode")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("timestamp"))
    assert told == {
        "version": "1.0",
        "requestContext": {"requestId": attempt["request"], "functionArn": function_arn(pair.name) + ":$LATEST",
                           "condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": {"Mode": "kill", "More": [1, None]},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Runtime.ExitError", "errorMessage":
                            f"RequestId: {attempt['request']} Error: Runtime exited with error: signal: killed"}}
    assert pair.seen("told")[0]["at"] - attempt["at"] < 2


@pytest.mark.parametrize(("mode", "kind", "text"), [
    ("abort", "Runtime.ExitError", "Runtime exited with error: signal: aborted"),
    ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 7"),
    ("leave", "Runtime.ExitError", "Runtime exited without providing a reason"),
])
def test_every_death_is_named_and_the_next_request_served(pair: Pair, mode: str, kind: str, text: str) -> None:
    pair.create()
    error, payload = pair.call(Mode=mode)
    assert (error, payload["errorType"]) == ("Unhandled", kind)
    assert payload["errorMessage"] == f"RequestId: {pair.seen('mode')[0]['request']} Error: {text}"
    assert pair.call() == ("", {"pid": pair.seen("mode")[1]["pid"]})


def test_the_timeout_of_the_function_kills_it_at_once(pair: Pair) -> None:
    pair.create(Timeout=1).send(Mode="hang", Seconds=2.5)
    payload = pair.told()["responsePayload"]
    [attempt] = pair.seen("mode")
    assert payload == {"errorType": "Sandbox.Timedout", "errorMessage":
                       f"RequestId: {attempt['request']} Error: Task timed out after 1.00 seconds"}
    assert 0.9 < pair.seen("told")[0]["at"] - attempt["at"] < 2.5
    assert pair.call()[0] == ""
    time.sleep(1.5)
    assert pair.seen("survived") == []


def test_an_error_of_the_function_is_passed_on(pair: Pair) -> None:
    pair.create().send(Mode="error")
    assert pair.told()["responsePayload"] == {"errorType": "Refused", "errorMessage": "as asked"}


@pytest.mark.parametrize(("body", "payload"), [
    (STILLBORN, {"errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with error: exit status 3"}),
    (SULKING, {"errorType": "Init.Bad", "errorMessage": "no"}),
], ids=["stillborn", "sulking"])
def test_a_function_that_cannot_start_is_told_of_too(pair: Pair, body: str, payload: dict[str, str]) -> None:
    pair.create(body).send()
    told = pair.told()["responsePayload"]
    assert told | {"errorMessage": told["errorMessage"].rpartition("Error: ")[2]} == payload


def test_attempts_are_as_many_as_configured_and_one_request(pair: Pair) -> None:
    pair.create(attempts=1).send(Mode="exit")
    assert pair.told()["requestContext"]["approximateInvokeCount"] == 2
    assert len(pair.seen("mode")) == 2
    assert {one["request"] for one in pair.seen("mode")} == {pair.told()["requestContext"]["requestId"]}


def test_a_success_is_nobodys_business(pair: Pair) -> None:
    pair.create().send()
    until(lambda: pair.seen("mode"))
    time.sleep(0.5)
    assert pair.seen("told") == []


def test_killing_one_environment_from_outside_spares_the_others(pair: Pair) -> None:
    pair.create().send(Mode="hang", Seconds=1)
    victim = until(lambda: pair.seen("mode"))[0]
    pair.send(Mode="hang", Seconds=2)
    other = until(lambda: pair.seen("mode")[1:])[0]
    os.kill(victim["pid"], signal.SIGKILL)
    assert pair.told()["requestContext"]["requestId"] == victim["request"]
    assert until(lambda: pair.seen("survived")) == [{"survived": other["request"]}]


def test_a_throttled_event_waits_for_its_turn(pair: Pair) -> None:
    pair.create()
    pair.functions.put_function_concurrency(FunctionName=pair.name, ReservedConcurrentExecutions=1)
    pair.send(Mode="hang", Seconds=1.5)
    until(lambda: pair.seen("mode"))
    pair.send()
    assert [one["mode"] for one in until(lambda: len(pair.seen("mode")) == 2 and pair.seen("mode"))] == ["hang", "fine"]
    assert pair.seen("told") == []


def test_without_concurrency_there_is_a_record_but_no_response(pair: Pair) -> None:
    pair.create()
    pair.functions.put_function_concurrency(FunctionName=pair.name, ReservedConcurrentExecutions=0)
    pair.send(Mode="fine")
    told = pair.told()
    assert told["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert told["requestContext"]["approximateInvokeCount"] == 0
    assert told["requestPayload"] == {"Mode": "fine"} and "responseContext" not in told


def test_a_destination_has_attempts_and_a_destination_of_its_own(pair: Pair) -> None:
    sqs = client(pair.base, "sqs")
    queue = sqs.create_queue(QueueName=pair.name)["QueueUrl"]
    pair.create()
    pair.functions.update_function_code(FunctionName=pair.heir, ZipFile=archive(STILLBORN, pair.notes))
    pair.functions.put_function_event_invoke_config(
        FunctionName=pair.heir, MaximumRetryAttempts=1, DestinationConfig={
            "OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:123456789012:{pair.name}"}})
    pair.send(Mode="kill")
    [message] = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    told = json.loads(message["Body"])
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["requestPayload"]["requestPayload"] == {"Mode": "kill"}


def test_a_dead_letter_is_the_event_itself(pair: Pair) -> None:
    sqs = client(pair.base, "sqs")
    queue = sqs.create_queue(QueueName=pair.name)["QueueUrl"]
    pair.create(DeadLetterConfig={"TargetArn": f"arn:aws:sqs:us-east-1:123456789012:{pair.name}"}).send(Mode="kill")
    [message] = until(lambda: sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages"))
    assert json.loads(message["Body"]) == {"Mode": "kill"}
    attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert attributes["RequestID"] == pair.seen("mode")[0]["request"] and attributes["ErrorCode"] == "200"
    assert attributes["ErrorMessage"].endswith("signal: killed")
    assert pair.told()["requestPayload"] == {"Mode": "kill"}


def test_a_custom_resource_reaches_the_destination_within_two_seconds(pair: Pair) -> None:
    """Configured as a template does it, under the qualifier $LATEST."""
    pair.create()
    stacks = client(pair.base, "cloudformation")
    destination = {"OnFailure": {"Destination": function_arn(pair.heir)}}
    pair.functions.delete_function_event_invoke_config(FunctionName=pair.name)
    stacks.create_stack(StackName=pair.name, TemplateBody=json.dumps({"Resources": {
        "Config": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": {
            "FunctionName": pair.name, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0,
            "DestinationConfig": destination}},
        "Thing": {"Type": "Custom::Thing", "DependsOn": "Config", "Properties": {
            "ServiceToken": function_arn(pair.name), "ServiceTimeout": 60, "Mode": "kill"}}}}))
    request = pair.told()["requestPayload"]
    assert pair.seen("told")[0]["at"] - pair.seen("mode")[0]["at"] < 2
    answer = {"Status": "FAILED", "Reason": "died", "PhysicalResourceId": "x", "StackId": request["StackId"],
              "RequestId": request["RequestId"], "LogicalResourceId": request["LogicalResourceId"]}
    headers = {"Content-Type": "", "If-None-Match": "*"}
    assert ask("PUT", request["ResponseURL"], json.dumps(answer).encode(), headers)[0] == 200
    until(lambda: "Delete" in [one["told"]["requestPayload"]["RequestType"] for one in pair.seen("told")])
    deletion = pair.seen("told")[-1]["told"]["requestPayload"]
    answer |= {"Status": "SUCCESS", "RequestId": deletion["RequestId"]}
    assert ask("PUT", deletion["ResponseURL"], json.dumps(answer).encode(), headers)[0] == 200
    until(lambda: stacks.describe_stacks(StackName=pair.name)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE")
