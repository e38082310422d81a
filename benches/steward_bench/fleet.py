"""Fifty repositories: how many calls of ECR they take, how much memory, how long."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .events import READER, new_stack, request
from .functions import Function
from .local_aws import BUCKET, LocalAws, running
from .process import ACCOUNT, environment, started
from .report import Sample, Section, at_most, faster
from .runtime_api import NoSign, RuntimeApi
from .trust import system_bundle
from .wire import Answer, Request, Service

COUNT = 50
ROUNDS = 3
MEMORY_GOAL_MIB = 24
CREATE_GOAL, NO_OP_GOAL = 3.2, 3.1
# Taken over from a measurement made outside this repository, of Terraform with its best-known ECR module: calls per
# repository of a first apply, reads of one without changes. For orientation: nothing here measures them again.
TERRAFORM_CREATE, TERRAFORM_NO_OP = 8.1, 5.0
READS = ("Describe", "List", "Get", "BatchGet")


@dataclass
class Tally:
    """What the rounds told."""

    peak_kib: int = 0
    create_ms: list[float] = field(default_factory=list)
    no_op_ms: list[float] = field(default_factory=list)
    peer_create_ms: list[float] = field(default_factory=list)
    peer_no_op_ms: list[float] = field(default_factory=list)
    create_calls: dict[str, int] = field(default_factory=dict)
    no_op_calls: dict[str, int] = field(default_factory=dict)


def measure(ours: Function, boto3_peak_kib: int) -> list[Section]:
    """A few rounds, each with a new fleet and a new process."""
    tally = Tally()
    with running() as local:
        for number in range(ROUNDS):
            one_round(ours, local, f"ours-{number}", tally)
            peer_round(local, f"bench/peer-{number}", tally)
    return [memory(tally, boto3_peak_kib), calls(tally), times(tally)]


def one_round(ours: Function, local: LocalAws, name: str, tally: Tally) -> None:
    """Create, then an Update that changes nothing."""
    answers: queue.Queue[Request] = queue.Queue()

    def receive(put: Request) -> Answer:
        answers.put(put)
        return Answer(200)

    with Service(receive) as receiver, RuntimeApi() as api:
        variables = environment(api, system_bundle(), AWS_ENDPOINT_URL=local.everything, AWS_ENDPOINT_URL_ECR=local.ecr,
                                STATE_BUCKET=BUCKET, QUEUE_URL=f"{local.everything}/{ACCOUNT}/bench", WARM_UP="on")
        with started(ours.command, variables) as process:
            stack = new_stack()
            for kind, spent in (("Create", tally.create_ms), ("Update", tally.no_op_ms)):
                api.await_next()
                local.forget_calls()
                event = request(kind, f"{receiver.url}/{kind}", name, COUNT, stack)
                spent.append(run(api, event, answers))
                if kind == "Create":
                    tally.create_calls = local.calls()
                    tally.peak_kib = max(tally.peak_kib, process.peak_kib())
                else:
                    tally.no_op_calls = local.calls()


def run(api: RuntimeApi, event: dict, answers: queue.Queue[Request]) -> float:
    """Milliseconds until CloudFormation would have its answer, which must be a success."""
    began = api.deliver(event)
    api.await_result()
    try:
        put = answers.get(timeout=5)
    except queue.Empty:
        raise NoSign(f"{event['RequestType']} was not answered") from None
    answer = json.loads(put.body)
    if answer["Status"] != "SUCCESS":
        raise NoSign(f"{event['RequestType']} of {COUNT} repositories failed: {answer.get('Reason')}")
    return (put.when - began) / 1e6


def peer_round(local: LocalAws, prefix: str, tally: Tally) -> None:
    """The same repositories by a script that knows what it wants: three calls each, one after the other."""
    ecr = local.client("ecr")
    names = [f"{prefix}/service-{number:02}" for number in range(COUNT)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{READER}:root"},
         "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]})
    lifecycle = json.dumps({"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": {
        "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}}]})

    def create() -> None:
        for name in names:
            ecr.create_repository(repositoryName=name, tags=[{"Key": "Project", "Value": "bench"}])
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle)
            ecr.set_repository_policy(repositoryName=name, policyText=policy)

    def look() -> None:
        for repository in ecr.describe_repositories(repositoryNames=names)["repositories"]:
            ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])
            ecr.get_lifecycle_policy(repositoryName=repository["repositoryName"])
            ecr.get_repository_policy(repositoryName=repository["repositoryName"])

    tally.peer_create_ms.append(timed(create))
    tally.peer_no_op_ms.append(timed(look))


def timed(work: Callable[[], None]) -> float:
    """Milliseconds of it."""
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / 1e6


def memory(tally: Tally, boto3_peak_kib: int) -> Section:
    """The worst of the rounds."""
    ours, peer = tally.peak_kib / 1024, boto3_peak_kib / 1024
    figure = at_most(f"peak, Create of {COUNT}", ours, "MiB", MEMORY_GOAL_MIB,
                     f"boto3, one describe: {peer:.1f} MiB", f"{peer / ours:.1f}× less")
    return Section("Memory", [figure], f"VmHWM after the answer, the worst of {ROUNDS} processes")


def calls(tally: Tally) -> Section:
    """Per repository."""
    created = sum(tally.create_calls.values()) / COUNT
    reads = sum(count for name, count in tally.no_op_calls.items() if name.startswith(READS)) / COUNT
    writes = sum(tally.no_op_calls.values()) / COUNT - reads
    figures = [
        at_most("Create, with lifecycle and access policy", created, "", CREATE_GOAL,
                f"Terraform: {TERRAFORM_CREATE}", f"{TERRAFORM_CREATE / created:.1f}× fewer", 2),
        at_most("Update without changes: reads", reads, "", NO_OP_GOAL,
                f"Terraform: {TERRAFORM_NO_OP}", f"{TERRAFORM_NO_OP / reads:.1f}× fewer", 2),
        at_most("Update without changes: writes", writes, "", 0, digits=2),
    ]
    listed = ", ".join(f"{name} {count}" for name, count in tally.create_calls.items())
    return Section(f"Calls of ECR per repository, of {COUNT}", figures,
                   f"Create in all: {listed}. Terraform's are not of this run")


def times(tally: Tally) -> Section:
    """Mostly the local ECR's own time."""
    rows = [(f"Create of {COUNT}", tally.create_ms, tally.peer_create_ms),
            (f"Update of {COUNT} without changes", tally.no_op_ms, tally.peer_no_op_ms)]
    figures = [faster(what, Sample(mine), "boto3 script", Sample(theirs)) for what, mine, theirs in rows]
    return Section("Wall time against the local ECR", figures,
                   f"{ROUNDS} rounds; event to answer, most of it the local ECR's own work, one call at a time")
