"""Makes the virtual environments from the pinned requirement files, once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from .settings import CUSTODIAN_VENV, LOCAL, MINISTACK_VENV, VENV, LocalError

ENVIRONMENTS = (
    (VENV, LOCAL / "requirements.txt"),
    (MINISTACK_VENV, LOCAL / "requirements-ministack.txt"),
)


def ensure() -> None:
    """Both environments, up to date with their requirement files."""
    for directory, requirements in ENVIRONMENTS:
        ensure_one(directory, requirements)


def ensure_custodian() -> Path:
    """Cloud Custodian's, which only some tests need; the program."""
    ensure_one(CUSTODIAN_VENV, LOCAL / "requirements-custodian.txt")
    return CUSTODIAN_VENV / "bin" / "custodian"


def ensure_one(directory: Path, requirements: Path) -> None:
    """One environment. Costs a file read when nothing has changed."""
    python = directory / "bin" / "python"
    stamp = directory / ".requirements-hash"
    pins = [line for line in requirements.read_text().splitlines() if line and not line.startswith("#")]
    wanted = hashlib.sha256("\n".join(pins).encode()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    if not python.exists():
        say(f"creating {directory.name} with Python {sys.version_info[0]}.{sys.version_info[1]}")
        shutil.rmtree(directory, ignore_errors=True)
        run(
            [sys.executable, "-m", "venv", str(directory)],
            "cannot create a virtual environment",
            "on Debian and Ubuntu: apt install python3-venv",
        )
    say(f"installing {requirements.name} (takes a minute or two)")
    run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-input", "--requirement", str(requirements)],
        f"pip could not install {requirements.name}",
        f"check the network or the package index pip is configured for, "
        f"then run the command again; if it stays broken remove {directory}",
    )
    stamp.write_text(wanted)


def run(command: list[str], problem: str, advice: str) -> None:
    """A command that is quiet when it succeeds and explains itself when not."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        tail = "\n".join("  " + line[-200:] for line in done.stdout.strip().splitlines()[-8:])
        raise LocalError(f"{problem}:\n{tail}\n{advice}")


def say(text: str) -> None:
    """Talk goes to stderr, stdout is for data."""
    print(f"local/aws: {text}", file=sys.stderr, flush=True)
