"""`ecr-steward` from a terminal, talking to the local AWS."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ecr_steward(variables: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command line that ECR_STEWARD_CLI names, or the one that cargo built last."""
    named = os.environ.get("ECR_STEWARD_CLI")
    places = [Path(named)] if named else [ROOT / "target" / kind / "ecr-steward" for kind in ("debug", "release")]
    built = sorted((place for place in places if place.is_file()), key=lambda place: place.stat().st_mtime)
    assert built, "the command line is not built; run: cargo build --bin ecr-steward, or name it by ECR_STEWARD_CLI"
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "AWS_CONFIG_FILE": os.devnull,
                   "AWS_SHARED_CREDENTIALS_FILE": os.devnull} | variables
    return subprocess.run([str(built[-1]), *arguments], env=environment, input=given, capture_output=True, text=True,
                          timeout=300)
