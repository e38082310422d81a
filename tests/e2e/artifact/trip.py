"""Lets the function stumble at a moment a test chooses; see trip.c."""

from __future__ import annotations

import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("trip.c")


def built(place: Path) -> Path:
    """The shim, compiled."""
    library = place / "trip.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(SOURCE)],
                   check=True)
    return library


class Trip:
    """The trip wire of one function."""

    def __init__(self, library: Path, place: Path) -> None:
        self._wire = place / "trip"
        self.variables = {"LD_PRELOAD": str(library), "STEWARD_TRIP": str(self._wire)}

    def arm(self, how: str) -> None:
        """The next look at the time of day ends in `panic`, `abort`, `segv` or `spin`."""
        unseen = self._wire.with_suffix(".new")
        unseen.write_text(how)
        unseen.rename(self._wire)

    @property
    def armed(self) -> bool:
        """Has nothing stumbled yet?"""
        return self._wire.exists()
