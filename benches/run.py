#!/usr/bin/env python3
"""Measures the built function and prints a table: `make bench`, or `run.py --help` for parts of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from steward_bench import fleet, first_answer, functions, report, size, start, unreachable  # noqa: E402
from steward_bench.functions import Function  # noqa: E402
from steward_bench.runtime_api import NoSign  # noqa: E402

PARTS = ("size", "start", "first-answer", "unreachable", "fleet")


def main(arguments: list[str]) -> int:
    """0 when everything was measured, whatever the goals say; 1 when something could not be; 2 before measuring."""
    parser = argparse.ArgumentParser(description="Measures the built function; see benches/README.md.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all unless named")
    parser.add_argument("--bootstrap", type=Path, default=functions.BUILT, help="the function to measure")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    wanted = options.parts or list(PARTS)
    try:
        ours = functions.ours(options.bootstrap.absolute())
        boto3 = functions.boto3_function(sys.executable)
        say("building benches/hello")
        hello = functions.hello()
        sections, failed = measure(wanted, ours, boto3, hello)
    except functions.Unprepared as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    if sections:
        report.show(sections)
    return 1 if failed else 0


def measure(wanted: list[str], ours: Function, boto3: Function, hello: Function) -> tuple[list[report.Section], bool]:
    """Part after part; one that fails does not keep the others from being told."""
    sections: list[report.Section] = []
    failed = False
    boto3_peak = 0

    def first() -> list[report.Section]:
        nonlocal boto3_peak
        section, boto3_peak = first_answer.measure(ours, boto3)
        return [section]

    steps = {
        "size": lambda: [size.measure(ours, hello)],
        "start": lambda: [start.measure(ours, boto3, hello)],
        "first-answer": first,
        "unreachable": lambda: [unreachable.measure(ours)],
        "fleet": lambda: fleet.measure(ours, boto3_peak or first_answer.peak_kib(boto3)),
    }
    for part in PARTS:
        if part not in wanted:
            continue
        say(f"measuring: {part}")
        try:
            sections += steps[part]()
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
