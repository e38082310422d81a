#!/usr/bin/env python3
"""Measures the built functions and prints a table: `make bench`, or `run.py --help` for parts of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.dont_write_bytecode = True

from steward_bench import batches, findings, fleet, first_answer, functions, report  # noqa: E402
from steward_bench import size, start, sweep, unreachable  # noqa: E402
from steward_bench.runtime_api import NoSign  # noqa: E402

PARTS = ("size", "start", "first-answer", "unreachable", "fleet", "findings", "batches", "sweep")
Step = Callable[[], list[report.Section]]


def main(arguments: list[str]) -> int:
    """0 when everything was measured, whatever the goals say; 1 when something could not be; 2 before measuring."""
    parser = argparse.ArgumentParser(description="Measures the built functions; see benches/README.md.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all unless named")
    parser.add_argument("--bootstrap", type=Path, default=functions.BUILT,
                        help="the custom-resource function to measure")
    parser.add_argument("--findings-bootstrap", type=Path, default=functions.FINDINGS_BUILT,
                        help="the findings function to measure")
    parser.add_argument("--drift-bootstrap", type=Path, default=functions.DRIFT_BUILT,
                        help="the drift function to measure")
    parser.add_argument("--findings", type=size_of_scan, action="append", metavar="N/M",
                        help="so many findings in a scan, so many of them changed; may be given more than once")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    try:
        steps = prepared(options)
        sections, failed = measure(steps)
    except functions.Unprepared as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    if sections:
        report.show(sections)
    return 1 if failed else 0


def size_of_scan(text: str) -> tuple[int, int]:
    """`2500/1250`"""
    count, _, changed = text.partition("/")
    if not (count.isdecimal() and changed.isdecimal() and 0 < int(changed) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 2500/1250, with no more changed than there are")
    return int(count), int(changed)


def prepared(options: argparse.Namespace) -> dict[str, Step]:
    """What to measure, in order. What is missing for it is told before anything is measured."""
    wanted = [part for part in PARTS if part in (options.parts or PARTS)]
    steps: dict[str, Step] = {}
    if set(wanted) - {"findings", "batches", "sweep"}:
        steps |= custom_resource(options, wanted)
    if "findings" in wanted:
        ours = functions.ours(options.findings_bootstrap.absolute(), "findings")
        peers = findings.Peers(*(functions.forwarder(sys.executable, how) for how in ("usual", "careful", "batching")))
        steps["findings"] = lambda: findings.measure(ours, peers, options.findings or findings.SIZES, say)
    if "batches" in wanted:
        steps["batches"] = lambda: batches.measure(sys.executable, say)
    if "sweep" in wanted:
        drift = functions.ours(options.drift_bootstrap.absolute(), "drift")
        steps["sweep"] = lambda: sweep.measure(drift, say)
    return {part: steps[part] for part in wanted}


def custom_resource(options: argparse.Namespace, wanted: list[str]) -> dict[str, Step]:
    """The parts about the custom-resource function; its start is measured together with the other's."""
    ours = functions.ours(options.bootstrap.absolute())
    boto3 = functions.boto3_function(sys.executable)
    forwarding = functions.ours(options.findings_bootstrap.absolute(), "findings") if "start" in wanted else None
    hello = None
    if {"size", "start"} & set(wanted):
        say("building benches/hello")
        hello = functions.hello()
    boto3_peak = 0

    def first() -> list[report.Section]:
        nonlocal boto3_peak
        section, boto3_peak = first_answer.measure(ours, boto3)
        return [section]

    return {
        "size": lambda: [size.measure(ours, hello)],
        "start": lambda: [start.measure(ours, forwarding, boto3, hello)],
        "first-answer": first,
        "unreachable": lambda: [unreachable.measure(ours)],
        "fleet": lambda: fleet.measure(ours, boto3_peak or first_answer.peak_kib(boto3)),
    }


def measure(steps: dict[str, Step]) -> tuple[list[report.Section], bool]:
    """Part after part; one that fails does not keep the others from being told."""
    sections: list[report.Section] = []
    failed = False
    for part, step in steps.items():
        say(f"measuring: {part}")
        try:
            sections += step()
        except NoSign as problem:
            failed = True
            print(f"bench: {part} could not be measured: {problem}", file=sys.stderr)
    return sections, failed


def say(what: str) -> None:
    """Progress, beside the table."""
    print(f"--- {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
