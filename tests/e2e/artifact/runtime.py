"""Lambda for one function: starts the built `bootstrap`, hands it events, and ends it where Lambda would.

The artifact is the shipped one; whatever befalls it comes from outside: signals, limits, and the answers of those it
talks to. Knows nothing of CloudFormation or ECR.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import resource
import signal
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from runtime_api import Handout, RuntimeApi, Said

# Lambda gives a function's start ten seconds.
INIT_SECONDS = 10
SIGNALS = {signal.SIGKILL: "killed", signal.SIGABRT: "aborted", signal.SIGSEGV: "segmentation fault"}
# Of ours the function sees only what any process needs.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE")


def environment(name: str, cloud: dict[str, str]) -> dict[str, str]:
    """What Lambda sets for every function, and the endpoints of the local AWS."""
    return {key: os.environ[key] for key in KEPT if key in os.environ} | cloud | {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": name,
        "AWS_LAMBDA_LOG_STREAM_NAME": name,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_SESSION_TOKEN": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "WARM_UP": "off",
    }


class Sandbox:
    """One process of a function, under a Runtime API of its own."""

    def __init__(self, command: list[str], variables: dict[str, str], log: Path, data_limit: int | None) -> None:
        self.api = RuntimeApi()
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                command, env=variables | {"AWS_LAMBDA_RUNTIME_API": self.api.address}, cwd=log.parent,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._process.pid
        self.exited = threading.Event()
        with contextlib.suppress(ProcessLookupError):
            # A crash that is meant need not fill the disk.
            resource.prlimit(self.pid, resource.RLIMIT_CORE, (0, 0))
            if data_limit is not None:
                self.limit_data(data_limit)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        self._process.wait()
        self.exited.set()
        self.api.said.put(Said("exit"))

    @property
    def alive(self) -> bool:
        """Is there still a process?"""
        return not self.exited.is_set()

    def how_it_ended(self) -> str:
        """As Lambda words it."""
        code = self._process.returncode
        if code == 0:
            return "Runtime exited without providing a reason"
        reason = SIGNALS.get(-code, f"signal {-code}") if code < 0 else ""
        return f"Runtime exited with error: {f'signal: {reason}' if reason else f'exit status {code}'}"

    def signal(self, number: int) -> None:
        """To all of its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """As the kernel does when memory is short: at once, and nothing of it is left."""
        self.signal(signal.SIGKILL)
        assert self.exited.wait(10), "the process outlives SIGKILL"

    def limit_data(self, size: int) -> None:
        """From now on it can have no more private memory than this; what it has, it keeps."""
        resource.prlimit(self.pid, resource.RLIMIT_DATA, (size, resource.RLIM_INFINITY))

    def status(self, name: str) -> int:
        """A figure of /proc/<pid>/status, such as VmHWM (KiB) or Threads."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])

    def close(self) -> None:
        """Nothing of it is left."""
        if self.alive:
            self.kill()
        self.api.close()


@dataclass
class Invocation:
    """One event on its way, and what became of it."""

    event: Any
    seconds: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sandbox: Sandbox | None = None
    # Where the event was handed to a process: wall clock, and the same for its end.
    began: float = 0
    ended: float = 0
    value: Any = None
    error_type: str = ""
    error_message: str = ""
    # What the function on the failure destination made of it.
    destination: Invocation | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _crash: BaseException | None = None

    @property
    def over(self) -> bool:
        """Has it ended, with all that follows from it?"""
        return self._over.is_set()

    def wait(self, patience: float = 60) -> Invocation:
        """Until it has ended."""
        assert self._over.wait(patience), f"the invocation is not over after {patience} s"
        if self._crash:
            raise self._crash
        return self

    def run(self, work: Callable[[], None]) -> None:
        """Does the work of it; a crash of this harness is told to whoever waits."""
        try:
            work()
        except BaseException as problem:
            self._crash = problem
        finally:
            self._over.set()

    def failed(self, error_type: str, message: str) -> None:
        """It failed, as Lambda reports it."""
        self.error_type, self.error_message = error_type, message

    def record(self, function_arn: str) -> dict[str, Any]:
        """What a failure destination is told (Lambda, "Retaining records of asynchronous invocations")."""
        return {
            "version": "1.0",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.ended)),
            "requestContext": {"requestId": self.id, "functionArn": f"{function_arn}:$LATEST",
                               "condition": "RetriesExhausted", "approximateInvokeCount": 1},
            "requestPayload": self.event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorType": self.error_type, "errorMessage": self.error_message},
        }


class Function:
    """A function as Lambda keeps it: one process at a time, started when an event needs one."""

    def __init__(self, name: str, command: list[str], variables: dict[str, str], place: Path,
                 on_failure: Function | None = None, data_limit: int | None = None) -> None:
        self.arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        self.log = place / f"{name}-{uuid.uuid4().hex[:8]}.log"
        self.on_failure = on_failure
        self.sandboxes: list[Sandbox] = []
        self._command, self._variables, self._data_limit = command, variables, data_limit
        self._turn = threading.Lock()

    def invoke(self, event: Any, seconds: float = 20) -> Invocation:
        """Invokes it and waits, for the failure destination too."""
        return self.begin(event, seconds).wait(seconds + 40)

    def begin(self, event: Any, seconds: float = 20) -> Invocation:
        """Invokes it."""
        invocation = Invocation(event, seconds)
        threading.Thread(target=invocation.run, args=(lambda: self._serve(invocation),), daemon=True).start()
        return invocation

    def printed(self) -> str:
        """All that its processes wrote to stdout and stderr."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def close(self) -> None:
        """No process of it is left."""
        for sandbox in self.sandboxes:
            sandbox.close()

    def _serve(self, invocation: Invocation) -> None:
        with self._turn:
            sandbox = self._ready(invocation)
            if sandbox:
                self._run(invocation, sandbox)
        invocation.ended = time.time()
        if invocation.error_type and self.on_failure:
            invocation.destination = self.on_failure.invoke(invocation.record(self.arn))

    def _ready(self, invocation: Invocation) -> Sandbox | None:
        """A process that has asked for an event; None where it could not be started."""
        if self.sandboxes and self.sandboxes[-1].alive:
            return self.sandboxes[-1]
        sandbox = invocation.sandbox = Sandbox(self._command, self._variables, self.log, self._data_limit)
        self.sandboxes.append(sandbox)
        try:
            said = sandbox.api.said.get(timeout=INIT_SECONDS)
        except queue.Empty:
            sandbox.kill()
            invocation.failed("Sandbox.Timedout", f"RequestId: {invocation.id} Error: Init timed out")
            return None
        if said.what == "next":
            return sandbox
        self._ended_otherwise(invocation, sandbox, said)
        return None

    def _run(self, invocation: Invocation, sandbox: Sandbox) -> None:
        """Until the process said what became of it, died, or ran out of time."""
        invocation.sandbox, invocation.began = sandbox, time.time()
        left = time.monotonic() + invocation.seconds
        sandbox.api.hand_out(Handout(invocation.id, invocation.event, invocation.began + invocation.seconds, self.arn))
        while True:
            try:
                said = sandbox.api.said.get(timeout=max(0, left - time.monotonic()))
            except queue.Empty:
                sandbox.kill()
                return invocation.failed("Sandbox.Timedout", f"RequestId: {invocation.id} Error: "
                                                             f"Task timed out after {invocation.seconds:.2f} seconds")
            # "next" is the end of the invocation before.
            if said.what == "response" and said.invocation == invocation.id:
                invocation.value = json.loads(said.body or b"null")
                return None
            if said.what != "next":
                return self._ended_otherwise(invocation, sandbox, said)

    @staticmethod
    def _ended_otherwise(invocation: Invocation, sandbox: Sandbox, said: Said) -> None:
        if said.what == "exit":
            invocation.failed("Runtime.ExitError", f"RequestId: {invocation.id} Error: {sandbox.how_it_ended()}")
        elif said.what in ("error", "init/error"):
            error = json.loads(said.body)
            invocation.failed(error["errorType"], error["errorMessage"])
        else:
            raise AssertionError(f"the process said {said} while {invocation.id} was at work")
