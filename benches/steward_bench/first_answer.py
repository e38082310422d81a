"""From exec to the first answer of AWS over TLS: what the first request of a cold function really waits for."""

from __future__ import annotations

import queue
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import trust
from .events import new_stack, request
from .functions import Function
from .process import environment, started
from .report import Sample, Section, at_most, faster
from .runtime_api import NoSign, RuntimeApi
from .wire import Answer, Request, Service, json_answer

RUNS = 21
FASTER_THAN_BOTO3 = 15
NO_SUCH_KEY = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>none</Message></Error>"


@dataclass(frozen=True)
class Run:
    """What one run told; times in milliseconds."""

    total: float
    after_event: float
    connections: int
    peak_kib: int


def measure(ours: Function, boto3: Function) -> tuple[Section, int]:
    """Also the memory of the boto3 function after its one call, which others compare with."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        context, bundle = trust.make(Path(place))

        def once(function: Function, warm_up: str) -> Run:
            return first_answer(function, context, bundle, warm_up)

        variants = {"warm": (ours, "on"), "cold": (ours, "off"), "boto3": (boto3, "off")}
        for variant in variants.values():
            once(*variant)
        runs: dict[str, list[Run]] = {name: [] for name in variants}
        for _ in range(RUNS):
            for name, variant in variants.items():
                runs[name].append(once(*variant))
    total = {name: Sample([run.total for run in those]) for name, those in runs.items()}
    after = {name: Sample([run.after_event for run in those]) for name, those in runs.items()}
    connections = max(run.connections for run in runs["warm"])
    figures = [
        faster("exec → first ECR answer over TLS", total["warm"], "boto3", total["boto3"], FASTER_THAN_BOTO3),
        faster("of this after the event came", after["warm"], "boto3", after["boto3"]),
        faster("", after["warm"], "without warm-up", after["cold"]),
        at_most("TLS handshakes until then", connections, "", 1, digits=0),
    ]
    note = (f"{RUNS} runs each, a Create event and warm-up on; ours asks S3 for its record before it asks ECR, "
            "boto3's asks ECR at once")
    return Section("First answer of AWS", figures, note), max(run.peak_kib for run in runs["boto3"])


def peak_kib(boto3: Function) -> int:
    """That memory alone."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        return first_answer(boto3, *trust.make(Path(place)), "off").peak_kib


def first_answer(function: Function, context: ssl.SSLContext, bundle: Path, warm_up: str) -> Run:
    """One start, one event, until the answer to the first call of ECR has been sent."""
    answered: queue.Queue[int] = queue.Queue()

    def sent(request: Request, when: int) -> None:
        if is_call(request):
            answered.put(when)

    with Service(ecr, context, sent) as over_tls, Service(others) as plain, RuntimeApi() as api:
        variables = environment(api, bundle, **function.variables, AWS_ENDPOINT_URL=plain.url,
                                AWS_ENDPOINT_URL_ECR=over_tls.url, WARM_UP=warm_up)
        with started(function.command, variables) as process:
            api.await_next()
            event = request("Create", f"{plain.url}/answer", "dev", 1, new_stack())
            delivered = api.deliver(event)
            try:
                when = answered.get(timeout=30)
            except queue.Empty:
                raise NoSign("no call of ECR came within 30 s") from None
            return Run(process.since(when), (when - delivered) / 1e6, over_tls.opened, process.peak_kib())


def is_call(request: Request) -> bool:
    """A call of the API, and not the GET that opens a connection early."""
    return "x-amz-target" in request.headers


def ecr(request: Request) -> Answer:
    """An ECR without repositories."""
    if not is_call(request):
        return Answer(404)
    operation = request.headers["x-amz-target"].rpartition(".")[2]
    return json_answer({"repositories": []} if operation == "DescribeRepositories" else {})


def others(request: Request) -> Answer:
    """An S3 without objects, and everything else."""
    if request.method == "GET":
        return Answer(404, NO_SUCH_KEY, (("Content-Type", "application/xml"),))
    return json_answer({})
