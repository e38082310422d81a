"""The harness itself: each way a process can end is reported in Lambda's words, and the next event finds a new one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest
from runtime import Function, Invocation

# A function in a few lines. The event is Python, and may speak to the Runtime API by `post`; any other is sent back.
PROGRAM = '''
import http.client, json, os, signal, sys, time

def call(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2018-06-01/runtime/" + path, body)
    answer = connection.getresponse()
    return answer, answer.read()

exec(os.environ.get("AT_START", ""))
while True:
    answer, event = call("GET", "invocation/next")
    def post(what, body):
        call("POST", "invocation/" + answer.headers["Lambda-Runtime-Aws-Request-Id"] + "/" + what, json.dumps(body))
    event = json.loads(event)
    exec(event if isinstance(event, str) else "post('response', event)")
'''


class Make:
    """Makes functions of that program, and ends them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._made: list[Function] = []

    def __call__(self, at_start: str = "", on_failure: Function | None = None) -> Function:
        command = [sys.executable, "-I", "-S", "-c", PROGRAM]
        function = Function("program", command, {"AT_START": at_start}, self._place, on_failure)
        self._made.append(function)
        return function

    def close(self) -> None:
        """Ends them all."""
        for function in self._made:
            function.close()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes functions."""
    make = Make(tmp_path)
    yield make
    make.close()


def error(invocation: Invocation) -> tuple[str, str]:
    """Its error, without the id."""
    return invocation.error_type, invocation.error_message.removeprefix(f"RequestId: {invocation.id} Error: ")


@pytest.mark.parametrize("event, words", [
    ("os._exit(3)", "Runtime exited with error: exit status 3"),
    ("os._exit(0)", "Runtime exited without providing a reason"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
    ("os.abort()", "Runtime exited with error: signal: aborted"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
])
def test_a_process_that_ends_is_reported_and_replaced(make: Make, event: str, words: str) -> None:
    function = make()
    assert error(function.invoke(event)) == ("Runtime.ExitError", words)
    assert function.invoke("post('response', 7)").value == 7
    assert len(function.sandboxes) == 2


def test_a_process_lives_as_long_as_it_answers(make: Make) -> None:
    function = make()
    assert [function.invoke(f"post('response', {number})").value for number in range(3)] == [0, 1, 2]
    assert error(function.invoke("post('error', {'errorType': 'T', 'errorMessage': 'm'})")) == ("T", "m")
    assert function.invoke("print('seen'); sys.stdout.flush(); post('response', None)").value is None
    assert len(function.sandboxes) == 1
    assert function.printed() == "seen\n"


def test_a_process_that_takes_too_long_is_killed_with_all_its_children(make: Make, tmp_path: Path) -> None:
    function, sign = make(), tmp_path / "sign"
    event = f"if os.fork() == 0:\n time.sleep(1)\n open({str(sign)!r}, 'w')\n os._exit(0)\ntime.sleep(60)"
    running = function.invoke(event, 0.5)
    assert error(running) == ("Sandbox.Timedout", "Task timed out after 0.50 seconds")
    assert 0.5 <= running.ended - running.began < 1
    assert function.invoke("time.sleep(1); post('response', 1)").value == 1
    assert not sign.exists()


def test_an_end_after_the_answer_is_no_error_and_the_next_event_finds_a_new_process(make: Make) -> None:
    function = make()
    assert function.invoke("post('response', 1); os._exit(1)").value == 1
    assert function.sandboxes[0].exited.wait(5)
    assert function.invoke("post('response', 2)").value == 2
    assert len(function.sandboxes) == 2


def test_an_answer_to_another_invocation_is_found_out(make: Make) -> None:
    function = make()
    with pytest.raises(AssertionError, match="the process said"):
        function.invoke("call('POST', 'invocation/other/response', '1'); time.sleep(9)", 5)


@pytest.mark.parametrize("at_start, reported", [
    ("os._exit(1)", ("Runtime.ExitError", "Runtime exited with error: exit status 1")),
    ("call('POST', 'init/error', json.dumps({'errorType': 'T', 'errorMessage': 'm'})); time.sleep(9)", ("T", "m")),
])
def test_a_start_that_fails_is_reported(make: Make, at_start: str, reported: tuple[str, str]) -> None:
    assert error(make(at_start).invoke("")) == reported


def test_a_failure_is_told_to_the_destination_as_lambda_tells_it(make: Make) -> None:
    function = make(on_failure=make())
    running = function.invoke("os._exit(1)")
    record = running.destination.value
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "version": "1.0",
        "requestContext": {"requestId": running.id, "functionArn": f"{function.arn}:$LATEST",
                           "condition": "RetriesExhausted", "approximateInvokeCount": 1},
        "requestPayload": "os._exit(1)",
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Runtime.ExitError", "errorMessage": running.error_message}}
    assert function.invoke("post('response', 1)").destination is None
