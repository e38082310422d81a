"""How large the function is as Lambda gets it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from .functions import Function
from .report import Section, at_most

GOAL_MIB = 5
MIB = 1 << 20


def measure(function: Function, hello: Function) -> Section:
    """Zipped with deflate, as `sam package` does."""
    ours, peer = zipped(Path(function.command[0])) / MIB, zipped(Path(hello.command[0])) / MIB
    unpacked = Path(function.command[0]).stat().st_size / MIB
    figure = at_most("bootstrap, zipped", ours, "MiB", GOAL_MIB, f"hello: {peer:.1f} MiB", f"{ours / peer:.1f}× of it")
    return Section("Size", [figure], f"{unpacked:.1f} MiB unpacked")


def zipped(file: Path) -> int:
    """Bytes of the archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, "bootstrap")
    return len(buffer.getvalue())
