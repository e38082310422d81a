"""Workers of the drift function: processes that are handed what the queue holds until there is nothing left."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from .aws.registry import Account
from .functions import Function
from .process import ACCOUNT, REGION, Process, environment, started
from .runtime_api import NoSign, RuntimeApi
from .trust import system_bundle

PATIENCE_SECONDS = 900
MOST_TRIES = 5
ROLE = f"arn:aws:iam::{ACCOUNT}:role/drift"


@dataclass(frozen=True)
class Outcome:
    """What a sweep took."""

    wall_ms: float
    peak_kib: int
    messages: int


class Crew:
    """Processes that wait for an event, and one queue for all of them."""

    def __init__(self, account: Account, workers: list[tuple[RuntimeApi, Process]]) -> None:
        self._account, self._workers = account, workers
        self._problems: list[Exception] = []
        self._busy = 0
        self._messages = 0
        self._turn = threading.Lock()

    def sweep(self) -> Outcome:
        """A scheduled event, and everything that comes of it."""
        self._messages = 0
        began = time.perf_counter_ns()
        self._account.queue.put(json.dumps(scheduled()))
        threads = [threading.Thread(target=self._work, args=(api,), daemon=True) for api, _ in self._workers]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        ended = time.perf_counter_ns()
        if self._problems:
            raise self._problems[0]
        peak = max(process.peak_kib() for _, process in self._workers)
        return Outcome((ended - began) / 1e6, peak, self._messages)

    def _work(self, api: RuntimeApi) -> None:
        try:
            while self._one(api):
                pass
        except NoSign as problem:
            self._problems.append(problem)

    def _one(self, api: RuntimeApi) -> bool:
        """Hands out one message; False when there are none and nobody is at work who may send more."""
        with self._turn:
            try:
                body = self._account.queue.get_nowait()
            except queue.Empty:
                body = None
                if not self._busy or self._problems:
                    return False
            else:
                self._busy += 1
                self._messages += 1
        if body is None:
            time.sleep(0.002)
            return True
        try:
            deliver(api, body)
        finally:
            with self._turn:
                self._busy -= 1
        return True


def deliver(api: RuntimeApi, body: str) -> None:
    """One message, again where the function gives it back."""
    for number in range(1, MOST_TRIES + 1):
        api.deliver({"Records": [record(body, number)]})
        result = json.loads(api.await_result(PATIENCE_SECONDS))
        api.await_next()
        if not (isinstance(result, dict) and result.get("batchItemFailures")):
            return
    raise NoSign(f"the function gave a message back {MOST_TRIES} times: {body[:300]}")


@contextlib.contextmanager
def gathered(function: Function, account: Account, size: int, **variables: str) -> Iterator[Crew]:
    """So many processes, ready for events."""
    with contextlib.ExitStack() as stack:
        workers = []
        for _ in range(size):
            api = stack.enter_context(RuntimeApi())
            told = environment(api, system_bundle(), **(drift_variables(account.url) | variables))
            process = stack.enter_context(started(function.command, told | function.variables))
            api.await_next()
            workers.append((api, process))
        yield Crew(account, workers)


def drift_variables(url: str) -> dict[str, str]:
    """What the drift function is given beyond what all are, with an AWS at this address."""
    return {
        "AWS_ENDPOINT_URL": url, "ACCOUNT_ID": ACCOUNT, "PARTITION": "aws", "STATE_BUCKET": "bench-state",
        "PARAMETER_PREFIX": "/ecr-steward", "QUEUE_URL": f"{url}/{ACCOUNT}/drift",
        "DEAD_LETTER_URL": f"{url}/{ACCOUNT}/drift-dead", "SETTLE_QUEUE_URL": f"{url}/{ACCOUNT}/settle",
        "TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:notifications", "FUNCTION_ROLE_ARN": ROLE,
        "MAX_RECEIVES": "5", "STACK_NAME": "bench", "REPOSITORY_NAME_PATTERN": "*", "LOG_LEVEL": "WARN",
        # As the template sets it.
        "MALLOC_MMAP_THRESHOLD_": "131072",
    }


def scheduled() -> dict:
    """What the schedule sends; each begins a sweep of its own."""
    return {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Scheduled Event", "source": "aws.events",
            "account": ACCOUNT, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "region": REGION,
            "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/sweep"], "detail": {}}


def record(body: str, number: int) -> dict:
    """A message as Lambda hands it over, for the so-many-th time."""
    sent = str(int(time.time() * 1000))
    return {"messageId": str(uuid.uuid4()), "receiptHandle": "bench", "body": body,
            "attributes": {"ApproximateReceiveCount": str(number), "SentTimestamp": sent, "SenderId": "events",
                           "ApproximateFirstReceiveTimestamp": sent},
            "messageAttributes": {}, "md5OfBody": "0" * 32, "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:drift", "awsRegion": REGION}
