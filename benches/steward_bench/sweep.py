"""A sweep of an account: its reads, its time beside Cloud Custodian, and how it is with ten thousand repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .aws.registry import LIFECYCLE, POLICY, Account, Registry
from .crew import Outcome, gathered
from .functions import ROOT, Function
from .local_aws import BUCKET, LocalAws, running
from .process import ACCOUNT, REGION
from .report import Figure, Section, at_most
from .runtime_api import NoSign

COUNT, MANY = 504, 10_000
ROUNDS = 2
# MaximumConcurrency of the queue, and the calls that each worker makes at once.
WORKERS, AT_ONCE = 4, 8
LATENCY_MS = 20
READS_GOAL, TAGGED_READS_GOAL, FASTER_GOAL = 2.1, 3.1, 3.0
TIME_GOAL, MEMORY_GOAL_MIB = 1.3, 64
POLICIES = ROOT / "tests" / "e2e" / "custodian" / "ecr.yaml"
BASELINE_KEY, LATEST = "declarations/baseline.json", "reports/latest.json"
READS = ("Describe", "List", "Get", "BatchGet")
SECRET = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
# What the five policies of Custodian look at; without the tags that only one of them needs.
UNTAGGED = {"ScanOnPush": True, "ImageTagMutability": "IMMUTABLE", "LifecyclePolicy": "Present",
            "NoPublicPrincipals": True}
TAGGED = UNTAGGED | {"RequiredTags": ["owner"]}


def measure(ours: Function, say: Callable[[str], None]) -> list[Section]:
    """First the world both can look at, then the one that is only ours."""
    say(f"sweep: {COUNT} repositories, beside Cloud Custodian")
    beside = against_custodian(ours)
    say(f"sweep: {MANY:,} repositories at {LATENCY_MS} ms a call")
    return [*beside, many(ours)]


def baseline(require: dict) -> bytes:
    """As the custom resource leaves it behind; nothing but ReportOnly."""
    properties = {"Rules": [{"Name": "everything", "Match": {"Names": ["*"]}, "Require": require}]}
    return json.dumps({"version": 1, "owner": None, "properties": properties}).encode()


# ---- beside Cloud Custodian ----


class Tally:
    """What the rounds told, by what was run."""

    def __init__(self) -> None:
        self.walls: dict[str, list[float]] = {}
        self.calls: dict[str, dict[str, int]] = {}

    def add(self, what: str, wall_ms: float, calls: dict[str, int]) -> None:
        """One round."""
        self.walls.setdefault(what, []).append(wall_ms)
        self.calls[what] = calls

    def wall(self, what: str) -> float:
        """The round that was disturbed least."""
        return min(self.walls[what])

    def reads(self, what: str) -> int:
        """Calls that read."""
        return sum(count for name, count in self.calls[what].items() if name.startswith(READS))

    def writes(self, what: str) -> int:
        """And those that do not."""
        return sum(self.calls[what].values()) - self.reads(what)


def against_custodian(ours: Function) -> list[Section]:
    """In turns, on one local AWS."""
    sys.path.insert(0, str(ROOT / "local"))
    from steward_local import venv

    program, tally = venv.ensure_custodian(), Tally()
    with running() as local, Account() as account:
        settled(local)
        # The queue is the benchmark's own, so that it can be emptied at once; all else is the local AWS.
        own = {"AWS_ENDPOINT_URL": local.everything, "AWS_ENDPOINT_URL_ECR": local.ecr,
               "AWS_ENDPOINT_URL_SQS": account.url, "STATE_BUCKET": BUCKET}
        for _ in range(ROUNDS):
            for what, require in (("untagged", UNTAGGED), ("tagged", TAGGED)):
                local.client("s3").put_object(Bucket=BUCKET, Key=BASELINE_KEY, Body=baseline(require))
                with gathered(ours, account, WORKERS, **own) as crew:
                    local.forget_calls()
                    outcome = crew.sweep()
                    tally.add(what, outcome.wall_ms, local.calls())
                complete(json.loads(local.client("s3").get_object(Bucket=BUCKET, Key=LATEST)["Body"].read()), COUNT)
            for what, cached in (("uncached", False), ("cached", True)):
                local.forget_calls()
                tally.add(what, custodian(program, local, cached), local.calls())
        start = custodian_start(program)
    return sections(tally, start)


def settled(local: LocalAws) -> None:
    """A mixed world: every third as it should be, the others each with something amiss."""
    ecr = local.client("ecr")
    for number in range(COUNT):
        name, good = f"team-{number % 12:02}/service-{number:03}", number % 3 == 0
        ecr.create_repository(
            repositoryName=name, imageTagMutability="IMMUTABLE" if good or number % 2 else "MUTABLE",
            imageScanningConfiguration={"scanOnPush": good or number % 5 != 0},
            tags=[{"Key": "owner", "Value": "platform"}] if good or number % 4 else [])
        if good or number % 3 == 1:
            ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=LIFECYCLE)
        if number % 2:
            ecr.set_repository_policy(repositoryName=name, policyText=POLICY)


def complete(report: dict, count: int) -> None:
    """Nothing was forgotten, and nothing was left open."""
    told, unknown = len(report["repositories"]), report["summary"]["checks"]["unknown"]
    if told != count or unknown:
        raise NoSign(f"the report has {told} of {count} repositories, and {unknown} checks that could not be made")


def custodian(program: Path, local: LocalAws, cached: bool) -> float:
    """Milliseconds of one run over all policies, its start included."""
    with tempfile.TemporaryDirectory(prefix="bench-custodian-") as place:
        period = ["--cache-period", "15", "--cache", f"{place}/cache"] if cached else ["--cache-period", "0"]
        variables = {"PATH": os.environ["PATH"], "HOME": place, "AWS_ENDPOINT_URL": local.everything,
                     "AWS_ENDPOINT_URL_ECR": local.ecr, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **SECRET}
        began = time.perf_counter_ns()
        done = subprocess.run([str(program), "run", "--region", REGION, *period, "--output-dir", f"{place}/found",
                               str(POLICIES)], env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        spent = (time.perf_counter_ns() - began) / 1e6
        if done.returncode:
            raise NoSign(f"Cloud Custodian failed:\n{done.stdout[-2000:]}")
        return spent


def custodian_start(program: Path) -> float:
    """Milliseconds until it could begin."""
    began = time.perf_counter_ns()
    subprocess.run([str(program), "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter_ns() - began) / 1e6


def sections(tally: Tally, start_ms: float) -> list[Section]:
    """Reads and times."""
    reads = []
    for what, told, goal in (("untagged", "reads, no rule looks at tags", READS_GOAL),
                             ("tagged", "reads, a rule looks at tags", TAGGED_READS_GOAL)):
        mine, peer = tally.reads(what) / COUNT, tally.reads("cached") / COUNT
        reads.append(at_most(told, mine, "", goal, f"Custodian, cached: {peer:.2f}", f"{peer / mine:.1f}× fewer", 3))
    writes = sum(tally.writes(what) for what in ("untagged", "tagged"))
    reads.append(at_most("writes, ReportOnly", writes, "", 0, digits=0))
    times = []
    for what, told in (("untagged", "no rule looks at tags"), ("tagged", "a rule looks at tags")):
        for peer, goal in (("uncached", FASTER_GOAL), ("cached", None)):
            mine, theirs = tally.wall(what), tally.wall(peer) - start_ms
            ratio = theirs / mine
            wanted, met = (f"≥ {goal:g}×", ratio >= goal) if goal else ("", None)
            times.append(Figure(f"sweep of {COUNT}, {told}", f"{mine:.0f} ms", f"Custodian, {peer}: {theirs:.0f} ms",
                                f"{ratio:.1f}× faster", wanted, met))
    in_all = ", ".join(f"{name} {tally.reads(name):,}" for name in ("untagged", "tagged", "cached", "uncached"))
    return [
        Section(f"Calls of ECR per repository, of {COUNT}", reads, f"reads in all: {in_all}"),
        Section("Wall time against the local ECR", times,
                f"the least of {ROUNDS} rounds in turns; {WORKERS} workers; Custodian's start of {start_ms:.0f} ms is "
                "taken off. Most of it is the local ECR's own work, one call at a time"),
    ]


# ---- ten thousand ----


def many(ours: Function) -> Section:
    """Each call takes as long as on AWS; how much of the time is anything else?"""
    with Account(Registry(MANY), LATENCY_MS / 1e3) as account:
        account.bucket.put(f"bench-state/{BASELINE_KEY}", baseline(UNTAGGED))
        with gathered(ours, account, WORKERS) as crew:
            outcome: Outcome = crew.sweep()
        calls = account.calls.copy()
        body = account.bucket.get(f"bench-state/{LATEST}")
    if body is None:
        raise NoSign("there is no report")
    complete(json.loads(body), MANY)
    least = sum(calls.values()) * LATENCY_MS / (WORKERS * AT_ONCE)
    ratio = outcome.wall_ms / least
    figures = [
        at_most("reads per repository", sum(calls.values()) / MANY, "", READS_GOAL, digits=3),
        at_most("time, of calls × latency ÷ concurrency", ratio, "", TIME_GOAL, f"least: {least / 1e3:.1f} s",
                f"{outcome.wall_ms / 1e3:.1f} s", 2),
        at_most("peak of a worker", outcome.peak_kib / 1024, "MiB", MEMORY_GOAL_MIB),
    ]
    listed = ", ".join(f"{name} {count:,}" for name, count in sorted(calls.items()))
    return Section(f"Sweep of {MANY:,} repositories, {LATENCY_MS} ms a call", figures,
                   f"{WORKERS} workers of {AT_ONCE} calls at once, {outcome.messages} messages; {listed}")
