"""From the bytes of a page of findings to the batches for Security Hub: the part in which no network has a share."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from .aws.scans import LARGEST_PAGE, Scan
from .functions import BENCHES, ROOT, Unprepared
from .process import ACCOUNT, REGION
from .report import Sample, Section, at_most

TIMES = 30
# The first runs fill caches and are left out.
WARM = 5
GOAL_MS = 15


def measure(python: str, say: Callable[[str], None]) -> list[Section]:
    """The built benchmark, and Python doing the same."""
    say("  building benches/batches.rs")
    built = subprocess.run(["cargo", "bench", "--locked", "--no-run", "--bench", "batches"], cwd=ROOT,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode:
        raise Unprepared(f"benches/batches.rs does not compile:\n{built.stdout[-3000:]}")
    with tempfile.NamedTemporaryFile(suffix=".json") as page:
        page.write(Scan("page", LARGEST_PAGE).page(0, LARGEST_PAGE))
        page.flush()
        variables = {**os.environ, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION, "ACCOUNT_ID": ACCOUNT,
                     "FORWARDER": "batching"}
        ours = run(["cargo", "bench", "--locked", "--quiet", "--bench", "batches", "--", page.name, str(TIMES)],
                   variables)
        theirs = run([python, str(BENCHES / "peers" / "batches.py"), page.name, str(TIMES)], variables)
    figures = [at_most("CPU, bytes to batches", ours.median, "ms", GOAL_MS, f"Python: {theirs}",
                       f"{theirs.median / ours.median:.1f}× less")]
    return [Section(f"Findings: {LARGEST_PAGE:,} from the bytes of a page to batches", figures,
                    "in one process, without connections, signatures and the record; the peer keeps no findings to compare"
                    " with and makes shorter ones")]


def run(command: list[str], variables: dict[str, str]) -> Sample:
    """Milliseconds of each time."""
    done = subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    times = [float(line.split()[0]) for line in done.stdout.splitlines() if line]
    return Sample(times[WARM:])
