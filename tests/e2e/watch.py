"""One operation of a stack seen from outside while it runs: invocations, calls of ECR, and memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime
from typing import Any

from cloud import WRITE_VERBS, Cloud, until
from machine import Machine
from stacks import Stack

# Between two looks at the memory: a process takes its last figure with it.
SAMPLE_SECONDS = 0.25
GOES_ON = "the request goes on in another invocation"


class Watch:
    """Begun before the operation, which has to be the stack's only one, and asked once it has ended."""

    def __init__(self, cloud: Cloud, machine: Machine, stack: Stack) -> None:
        self._cloud, self._machine, self._stack = cloud, machine, stack
        self._successes, self._calls = cloud.ecr_successes(), sum(cloud.ecr_calls().values())
        self._throttled, self._answers = cloud.ecr_throttled(), len(self._requests())
        self._peaks: list[tuple[float, int]] = []
        self._over = threading.Event()
        self._began, self.seconds = time.monotonic(), 0.0
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Watch:
        self._sampler.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.seconds = time.monotonic() - self._began
        self._over.set()
        self._sampler.join()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            now = time.time()
            self._peaks.extend((now, peak) for peak in self._machine.peaks())

    def _requests(self) -> list[dict[str, Any]]:
        return self._cloud.answers(self._stack.id) if self._stack.id else []

    # ---- what CloudFormation heard ----

    def answer(self) -> dict[str, Any]:
        """The one answer to the one request."""
        [account] = self._requests()[self._answers:]
        assert (account["taken"], account["refused"], account["differing"], account["flaw"]) == (1, 0, False, "")
        return account["standing"]

    # ---- what ECR heard ----

    def writes(self) -> dict[str, Counter[str]]:
        """The stack's writes that did their work: operation and repository, and how often."""
        found = {}
        for operation, counts in self._cloud.ecr_successes().items():
            more = Counter(counts) - Counter(self._successes.get(operation, {}))
            own = Counter({name: times for name, times in more.items() if name.startswith(self._stack.name)})
            if own and operation.startswith(WRITE_VERBS):
                found[operation] = own
        return found

    def calls(self) -> tuple[int, int]:
        """How many calls came, and how many of them were over the limit."""
        return sum(self._cloud.ecr_calls().values()) - self._calls, self._cloud.ecr_throttled() - self._throttled

    # ---- what the function said ----

    def _log(self) -> list[dict[str, Any]]:
        request = self.answer()["RequestId"]
        return [line for line in self._cloud.log(self._stack.id) if line.get("request_id") == request]

    def parts(self) -> list[dict[str, Any]]:
        """What each invocation but the last said at its end. Lines come with the end of their invocation."""
        until(lambda: [line for line in self._log() if line["message"] == "request decided"], "the last lines", 20, 0.3)
        log = self._log()
        begun = [line["part"] for line in log if line["message"] == "request received"]
        parts = [line for line in log if line["message"] == GOES_ON]
        assert begun == list(range(1, len(parts) + 2)), "every invocation began once, one after the other"
        return parts

    # ---- what it took ----

    def memory(self) -> tuple[int, int]:
        """The peak of the first invocation, and of all of them, in KiB. What a process held once stays its peak, so
        the second figure is the last invocation's or more."""
        ends = [moment(line) for line in self.parts()[:1]]
        first = [peak for at, peak in self._peaks if not ends or at <= ends[0]]
        return max(first), max(peak for _, peak in self._peaks)


def moment(line: dict[str, Any]) -> float:
    """When a line was written, less what is over the full second."""
    return datetime.fromisoformat(line["timestamp"][:19] + "+00:00").timestamp()
