"""A function as the local AWS runs it: its processes, and settings a test changes for its own time.

Processes are found by what Lambda puts into their environment, so that those of another local AWS are never touched.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from cloud import EVERY, Cloud, until


class Machine:
    """A function, its processes and its queues, of which the first feeds it."""

    def __init__(self, cloud: Cloud, function: str = "CustomResource", *others: str) -> None:
        self._lambda, self._sqs = cloud.client("lambda"), cloud.client("sqs")
        self._own, self._name = function, cloud.resource(f"{function}Function")
        self._marks = {f"AWS_LAMBDA_FUNCTION_NAME={self._name}".encode(),
                       f"AWS_ENDPOINT_URL={cloud.variables['AWS_ENDPOINT_URL']}".encode()}
        shorts = (function, f"{function}DeadLetter", *others)
        self._queues = {short: cloud.resource(f"{short}Queue") for short in shorts}
        self._undo = ExitStack()

    # ---- processes ----

    def pids(self) -> set[int]:
        """All that live; those that wait for an event too."""
        return {int(place.parent.name) for place in Path("/proc").glob("[0-9]*/environ") if self._is_ours(place)}

    def _is_ours(self, environ: Path) -> bool:
        # What has ended meanwhile is nobody's.
        with suppress(OSError):
            return self._marks <= set(environ.read_bytes().split(b"\0"))
        return False

    def kill(self) -> None:
        """Every process, as the kernel does when memory is short; none is left."""
        pids = self.pids()
        assert pids, "there is no process to kill"
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not self.pids() & pids, "the processes' end", every=EVERY)

    def peaks(self) -> list[int]:
        """The most memory each living process has held so far, in KiB."""
        found = []
        for pid in self.pids():
            with suppress(OSError, StopIteration):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                found.append(int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]))
        return found

    # ---- settings ----

    def limit_time(self, seconds: int) -> None:
        """An invocation takes no longer than this. Processes that wait for an event end, so the next is a new one."""
        was = self._lambda.get_function_configuration(FunctionName=self._name)["Timeout"]
        self._undo.callback(self._configure, Timeout=was)
        self._configure(Timeout=seconds)

    def renew(self) -> None:
        """Processes that wait for an event end, and with them all they remember."""
        self._configure(Timeout=self._lambda.get_function_configuration(FunctionName=self._name)["Timeout"])

    def _configure(self, **settings: Any) -> None:
        self._lambda.update_function_configuration(FunctionName=self._name, **settings)
        self._lambda.get_waiter("function_updated_v2").wait(FunctionName=self._name, WaiterConfig={"Delay": 1})

    def hide_messages(self, seconds: int) -> None:
        """A message whose invocation died comes again after so long."""
        was = self._attributes(self._own, "VisibilityTimeout")["VisibilityTimeout"]
        self._undo.callback(self._set_visibility, was)
        self._set_visibility(str(seconds))

    def _set_visibility(self, seconds: str) -> None:
        self._sqs.set_queue_attributes(QueueUrl=self._queues[self._own],
                                       Attributes={"VisibilityTimeout": seconds})

    def gather(self, seconds: int) -> None:
        """A batch waits no longer than this for more messages."""
        [mapping] = self._lambda.list_event_source_mappings(FunctionName=self._name)["EventSourceMappings"]
        self._undo.callback(self._set_window, mapping["UUID"], mapping["MaximumBatchingWindowInSeconds"])
        self._set_window(mapping["UUID"], seconds)

    def _set_window(self, mapping: str, seconds: int) -> None:
        self._lambda.update_event_source_mapping(UUID=mapping, MaximumBatchingWindowInSeconds=seconds)

    def restore(self) -> None:
        """All settings as they were."""
        self._undo.close()

    # ---- queues ----

    def most_receipts(self) -> int:
        """How often a message is tried before it is a dead letter."""
        return int(json.loads(self._attributes(self._own, "RedrivePolicy")["RedrivePolicy"])["maxReceiveCount"])

    def messages(self, queue: str) -> int:
        """How many messages lie in a queue, hidden ones too."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed")
        return sum(int(value) for value in self._attributes(queue, *names).values())

    def _attributes(self, queue: str, *names: str) -> dict[str, str]:
        return self._sqs.get_queue_attributes(QueueUrl=self._queues[queue], AttributeNames=list(names))["Attributes"]
