"""One function that forwards findings, and one scan after the other for it."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .aws.counted import Call, CountedAws, summary
from .aws.scans import REPOSITORY, REPOSITORY_ARN, Key, Scan
from .functions import Function
from .process import ACCOUNT, REGION, Process, environment, forwarding_variables, started
from .runtime_api import NoSign, RuntimeApi
from .trust import system_bundle

PATIENCE_SECONDS = 600
STATE_BUCKET = "bench-state"
POLICY_KEY = "declarations/findings-policy.json"
# As the custom resource leaves it behind: Security Hub and nothing else.
POLICY: dict[str, Any] = {"version": 1, "owner": None, "properties": {"Routes": [{"Sink": "SecurityHub"}]}}


@dataclass(frozen=True)
class Outcome:
    """What became of one scan."""

    calls: list[Call]
    # What Security Hub holds that it did not hold before.
    held: set[Key | None]
    accepted: int
    bytes_sent: int
    wall_ms: float
    cpu_ms: float
    peak_kib: int

    @property
    def imports(self) -> list[Call]:
        """The calls of Security Hub."""
        return [call for call in self.calls if call.operation == "BatchImportFindings"]

    @property
    def reads(self) -> list[Call]:
        """The pages of the scan."""
        return [call for call in self.calls if call.operation == "DescribeImageScanFindings"]

    @property
    def records(self) -> list[Call]:
        """Reads and writes of what is remembered. Declarations are not part of it."""
        return [call for call in self.calls if call.service == "s3" and not call.about.startswith("declarations/")]

    @property
    def others(self) -> list[Call]:
        """All other calls."""
        told = {id(call) for call in (*self.imports, *self.reads, *self.records)}
        return [call for call in self.calls if id(call) not in told]

    @property
    def refused(self) -> int:
        """Imports above the limit."""
        return sum(call.status == 429 for call in self.imports)


class Forwarder:
    """A running function that waits for an event."""

    def __init__(self, aws: CountedAws, api: RuntimeApi, process: Process):
        self._aws, self._api, self._process = aws, api, process

    def forward(self, scan: Scan, limited: bool = False) -> Outcome:
        """Tells it of a scan and waits until it wants the next event."""
        # Events tell whole seconds. One from before the last read is rightly none to read again for.
        happened = int(time.time()) + 1
        time.sleep(max(0.0, happened - time.time()))
        self._aws.scans.show(scan)
        self._aws.hub.forget(limited)
        self._aws.calls.clear()
        used = self._process.cpu_ms()
        delivered = self._api.deliver(message(scan, happened))
        result = json.loads(self._api.await_result(PATIENCE_SECONDS))
        answered = time.perf_counter_ns()
        self._api.await_next()
        used = self._process.cpu_ms() - used
        if isinstance(result, dict) and result.get("batchItemFailures"):
            raise NoSign(f"the function gave the message back: {result}")
        hub = self._aws.hub
        outcome = Outcome(list(self._aws.calls), set(hub.held.values()), hub.accepted, hub.bytes_accepted,
                          (answered - delivered) / 1e6, used, self._process.peak_kib())
        if not outcome.reads:
            # Whoever does not look has no calls, and loses nothing that was not there.
            raise NoSign(f"the function did not read the scan; it called: {summary(outcome.calls) or 'nothing'}")
        return outcome


@contextlib.contextmanager
def forwarding(function: Function, aws: CountedAws) -> Iterator[Forwarder]:
    """A new process with an empty state bucket."""
    aws.bucket.forget()
    aws.bucket.put(f"{STATE_BUCKET}/{POLICY_KEY}", json.dumps(POLICY).encode())
    with RuntimeApi() as api:
        variables = environment(api, system_bundle(), **forwarding_variables(aws.url), **function.variables)
        with started(function.command, variables) as process:
            api.await_next()
            yield Forwarder(aws, api, process)


def message(scan: Scan, happened: int) -> dict[str, Any]:
    """EventBridge's event of a scan, as SQS brings it."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "ECR Image Scan",
        "source": "aws.ecr",
        "account": ACCOUNT,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(happened)),
        "region": REGION,
        "resources": [REPOSITORY_ARN],
        "detail": {"scan-status": "COMPLETE", "repository-name": REPOSITORY, "finding-severity-counts": scan.counts,
                   "image-digest": scan.digest, "image-tags": scan.tags},
    }
    sent = str(happened * 1000)
    record = {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "bench",
        "body": json.dumps(event),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": sent, "SenderId": "events",
                       "ApproximateFirstReceiveTimestamp": sent},
        "messageAttributes": {},
        "md5OfBody": "00000000000000000000000000000000",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:findings",
        "awsRegion": REGION,
    }
    return {"Records": [record]}
