"""Figures, their goals, and the table of them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Many measurements of the same thing."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """Half of the runs were quicker."""
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        """The run that was disturbed least."""
        return min(self.values)

    def __str__(self) -> str:
        return f"{self.median:.1f} ms" + (f" (min {self.least:.1f})" if len(self.values) > 1 else "")


@dataclass(frozen=True)
class Figure:
    """A line of the table. `met` is None where no goal is set."""

    what: str
    ours: str
    peer: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None

    def cells(self) -> list[str]:
        """Its columns."""
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        return [self.what, self.ours, self.peer, self.ratio, self.goal, verdict]


@dataclass(frozen=True)
class Section:
    """Figures under one heading, with what one must know to read them."""

    title: str
    figures: list[Figure]
    note: str = ""


HEADINGS = ["figure", "ecr-steward", "peer", "ratio", "goal", ""]


def faster(what: str, ours: Sample, name: str, peer: Sample, goal: float | None = None, word: str = "faster") -> Figure:
    """How many times ours is below the peer's, and whether that is enough."""
    ratio, least = peer.median / ours.median, peer.least / ours.least
    wanted, met = ("", None) if goal is None else (f"≥ {goal:g}×", ratio >= goal)
    beside = f" (min {least:.1f}×)" if len(ours.values) > 1 else ""
    return Figure(what, str(ours), f"{name}: {peer}", f"{ratio:.1f}× {word}{beside}", wanted, met)


def within(what: str, ours: Sample, name: str, peer: Sample, goal: float) -> Figure:
    """How many times the peer's ours is, and whether that is little enough."""
    ratio, least = ours.median / peer.median, ours.least / peer.least
    return Figure(what, str(ours), f"{name}: {peer}", f"{ratio:.1f}× of it (min {least:.1f}×)", f"≤ {goal:g}×",
                  ratio <= goal)


def at_most(what: str, ours: float, unit: str, goal: float, peer: str = "", ratio: str = "", digits: int = 1) -> Figure:
    """A figure with an upper bound of its own."""
    gap = f" {unit}" if unit else ""
    return Figure(what, f"{ours:.{digits}f}{gap}", peer, ratio, f"≤ {goal:g}{gap}", ours <= goal)


def show(sections: list[Section]) -> None:
    """Prints the table."""
    rows = [figure.cells() for section in sections for figure in section.figures]
    widths = [max(len(row[column]) for row in [HEADINGS, *rows]) for column in range(len(HEADINGS))]

    def line(cells: list[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()

    print(line(HEADINGS))
    for section in sections:
        print(f"\n{section.title}")
        for figure in section.figures:
            print(line(figure.cells()))
        if section.note:
            print(f"    {section.note}")
    judged = [figure.met for section in sections for figure in section.figures if figure.met is not None]
    load = os.getloadavg()[0]
    print(f"\n{sum(judged)} of {len(judged)} goals met.")
    print("Times are medians of interleaved runs, minima in brackets; ratios are of the medians, "
          "of the minima in brackets.")
    print(f"Load {load:.1f} on {os.cpu_count()} processors; above 1 or so the medians are noisy.")
