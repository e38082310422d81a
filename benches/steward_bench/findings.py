"""Findings from ECR to Security Hub: how many calls, what is lost, what it costs, and how it keeps to the limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .aws.counted import CountedAws, summary
from .aws.hub import BURST, MOST_FINDINGS, RATE, floor_seconds
from .aws.scans import GRAVE, LARGEST_PAGE, Scan
from .forwarding import Outcome, forwarding
from .functions import Function
from .report import Figure, Sample, Section, at_most, faster

# Findings in a scan, and how many of them the second scan changes.
SIZES = ((2_500, 1_250), (10_000, 5_000))
MANY = 10_000
RUNS = 10
FEW = 1_000
MEMORY_GOAL_MIB = 64
LESS_THAN_PYTHON = 20
KB_GOAL = 3
OVER_FLOOR = 1.15


@dataclass(frozen=True)
class Peers:
    """The Python forwarder in its three ways."""

    usual: Function
    careful: Function
    batching: Function


@dataclass(frozen=True)
class Round:
    """Three scans of one image by ours: all new, some changed, nothing changed. The peers, which remember nothing, get
    the second alone."""

    scan: Scan
    first: Outcome
    second: Outcome
    third: Outcome
    usual: Outcome
    careful: Outcome
    batching: Outcome

    @property
    def count(self) -> int:
        """Findings in the scan."""
        return len(self.scan.findings)


def measure(ours: Function, peers: Peers, sizes: Sequence[tuple[int, int]],
            say: Callable[[str], None]) -> list[Section]:
    """A process for each size and each function."""
    with CountedAws() as aws:
        rounds = []
        for count, changed in sizes:
            say(f"  {count:,} findings, {changed:,} of them changed")
            rounds.append(one_round(aws, ours, peers, count, changed))
        say(f"  {RUNS} images with {FEW:,} findings each")
        small = [repeated(aws, function) for function in (ours, peers.careful, peers.batching)]
        say(f"  {MANY:,} findings at {RATE} calls a second")
        scan = Scan("limited", MANY)
        with forwarding(ours, aws) as forwarder:
            limited = forwarder.forward(scan, limited=True)
    largest = max(rounds, key=lambda one: one.count)
    return [*map(calls, rounds), cost(largest, *small), throttled(scan, limited)]


def one_round(aws: CountedAws, ours: Function, peers: Peers, count: int, changed: int) -> Round:
    """Each function in a process of its own."""
    scan = Scan("image", count, changed, number=1)
    with forwarding(ours, aws) as forwarder:
        mine = [forwarder.forward(one) for one in (Scan("image", count), scan, Scan("image", count, changed, number=2))]
    theirs = []
    for function in (peers.usual, peers.careful, peers.batching):
        with forwarding(function, aws) as forwarder:
            theirs.append(forwarder.forward(scan))
    return Round(scan, *mine, *theirs)


def repeated(aws: CountedAws, function: Function) -> Sample:
    """Processor time for one image after the other, each of them new. The first opens connections and is left out."""
    with forwarding(function, aws) as forwarder:
        outcomes = [forwarder.forward(Scan(f"image-{number}", FEW)) for number in range(RUNS + 1)]
    return Sample([one.cpu_ms for one in outcomes[1:]])


def planned(count: int, changed: int) -> int:
    """The calls that it takes: the pages, the batches, a read and, if anything changed, a write of the record."""
    return -(-count // LARGEST_PAGE) - (-changed // MOST_FINDINGS) + (2 if changed else 1)


def calls(one: Round) -> Section:
    """Counted by the account, not by the function."""
    grave, everything, changed = one.scan.keys(GRAVE), one.scan.keys(), len(one.scan.changed)
    usual, careful = len(one.usual.calls), len(one.careful.calls)

    def counted(what: str, outcome: Outcome, changed: int) -> Figure:
        mine = len(outcome.calls) - len(outcome.others)
        return at_most(what, mine, "", planned(one.count, changed), f"usual: {usual:,}, careful: {careful:,}",
                       f"{usual / mine:.0f}× and {careful / mine:.0f}× fewer" if mine else "", digits=0)

    lost = len(everything - one.first.held) + len(one.scan.changed - one.second.held)
    figures = [
        counted("calls, all of them new", one.first, one.count),
        counted(f"calls, {changed:,} changed", one.second, changed),
        counted("calls, nothing changed", one.third, 0),
        at_most("imports, nothing changed", len(one.third.imports), "", 0,
                f"usual: {len(one.usual.imports):,}, careful: {len(one.careful.imports):,}", digits=0),
        at_most("lost, all new and changed", lost, "", 0,
                f"usual: {len(grave - one.usual.held):,} of {len(grave):,} critical and high, "
                f"careful: {len(everything - one.careful.held):,}", digits=0),
        at_most("imported though unchanged", one.second.accepted - changed, "", 0,
                f"careful: {one.careful.accepted - changed:,}", digits=0),
        at_most("bytes per finding", kilobytes(one.first), "kB", KB_GOAL, f"careful: {kilobytes(one.careful):.1f} kB"),
    ]
    scans = {"all new": one.first, "changed": one.second, "nothing changed": one.third}
    beside = "; ".join(f"{name}: {summary(outcome.others) or 'none'}" for name, outcome in scans.items())
    return Section(f"Findings: {one.count:,} in a scan, {changed:,} of them changed", figures,
                   f"calls are those for pages, batches and the record; beside them, {beside}")


def kilobytes(outcome: Outcome) -> float:
    """What one finding costs on the wire."""
    return outcome.bytes_sent / max(outcome.accepted, 1) / 1000


def cost(one: Round, ours: Sample, careful: Sample, batching: Sample) -> Section:
    """Memory and processor."""
    mine, theirs = one.third.peak_kib / 1024, one.careful.peak_kib / 1024
    first = Sample([one.first.cpu_ms])
    figures = [
        at_most(f"peak, {one.count:,} findings", mine, "MiB", MEMORY_GOAL_MIB, f"careful: {theirs:.1f} MiB",
                f"{theirs / mine:.1f}× less"),
        faster(f"CPU, {one.count:,} findings, all new", first, "careful", Sample([one.careful.cpu_ms]),
               LESS_THAN_PYTHON, word="less"),
        faster("", first, "batching", Sample([one.batching.cpu_ms]), word="less"),
        faster(f"CPU, {FEW:,} findings, all new", ours, "careful", careful, LESS_THAN_PYTHON, word="less"),
        faster("", ours, "batching", batching, word="less"),
    ]
    return Section("Findings: cost", figures,
                   f"VmHWM after three scans of the image; CPU from event to the next GET /next, calls included, the "
                   f"median of {RUNS} images of {FEW:,}; batching is the careful one with {MOST_FINDINGS} in a call")


def throttled(scan: Scan, outcome: Outcome) -> Section:
    """Against the limit's own floor, in which nothing but the limit takes time."""
    batches = -(-MANY // MOST_FINDINGS)
    floor, took = floor_seconds(batches), outcome.wall_ms / 1000
    figures = [
        at_most(f"{MANY:,} new findings imported", took, "s", round(floor * OVER_FLOOR, 2),
                f"one per call: ≥ {floor_seconds(MANY):.0f} s", f"{took / floor:.2f}× of the floor", digits=2),
        at_most("findings lost", len(scan.keys() - outcome.held), "", 0, digits=0),
        Figure("calls refused with 429", str(outcome.refused)),
    ]
    return Section(f"Findings: Security Hub at {RATE} calls a second, burst {BURST}", figures,
                   f"{batches} calls cannot take less than {floor:.1f} s; one per call is calculated likewise, not run")
