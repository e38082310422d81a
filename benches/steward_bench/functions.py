"""The functions that are measured: ours and its peers."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHES = ROOT / "benches"
BUILT = ROOT / ".aws-sam" / "build" / "CustomResourceFunction" / "bootstrap"
FINDINGS_BUILT = ROOT / ".aws-sam" / "build" / "FindingsFunction" / "bootstrap"
DRIFT_BUILT = ROOT / ".aws-sam" / "build" / "DriftFunction" / "bootstrap"
HELLO_TARGET = ROOT / "target" / "benches"


class Unprepared(Exception):
    """Something to be done before measuring; the text says what."""


@dataclass(frozen=True)
class Function:
    """How to start it, and which variables it needs for that."""

    name: str
    command: list[str]
    variables: dict[str, str]


def ours(bootstrap: Path, name: str = "ecr-steward") -> Function:
    """The artifact that is deployed."""
    if not bootstrap.is_file():
        raise Unprepared(f"there is no {bootstrap}; build it with: make build")
    newest = max(source.stat().st_mtime for source in (ROOT / "src").rglob("*.rs"))
    if newest > bootstrap.stat().st_mtime:
        print("--- the sources are newer than the function that is measured; make build", file=sys.stderr)
    return Function(name, [str(bootstrap)], {})


def boto3_function(python: str) -> Function:
    """The usual function."""
    return python_function("boto3", python, "boto3_function.py")


def forwarder(python: str, how: str) -> Function:
    """The usual forwarder of findings, in one of its ways."""
    return python_function(how, python, "findings_forwarder.py", FORWARDER=how)


def python_function(name: str, python: str, file: str, **variables: str) -> Function:
    """In the peer's favour: without `site`, whose work Lambda's image does not have, and with compiled modules."""
    packages = sysconfig.get_path("purelib")
    return Function(name, [python, "-S", "-s", str(BENCHES / "peers" / file)],
                    {"PYTHONPATH": packages, "PYTHONSAFEPATH": "1", **variables})


def hello() -> Function:
    """The SDK-less function, built as ours is: same profile, same tool, same flags."""
    manifest = BENCHES / "hello" / "Cargo.toml"
    if profile(manifest) != profile(ROOT / "Cargo.toml"):
        raise Unprepared(f"[profile.release] of {manifest} is not the one of {ROOT / 'Cargo.toml'}; copy it")
    lambda_directory = HELLO_TARGET / "lambda"
    arm = ["--arm64"] if platform.machine().lower() in ("aarch64", "arm64") else []
    tools = {**os.environ, "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
             "CARGO_TARGET_DIR": str(HELLO_TARGET)}
    command = ["cargo", "lambda", "build", "--release", *arm, "--locked", "--lambda-dir", str(lambda_directory)]
    try:
        built = subprocess.run(command, cwd=manifest.parent, env=tools, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        raise Unprepared("cargo is not on the PATH") from None
    if built.returncode:
        raise Unprepared(f"benches/hello does not compile:\n{built.stdout[-3000:]}")
    return Function("hello", [str(lambda_directory / "hello" / "bootstrap")], {})


def profile(manifest: Path) -> set[str]:
    """The settings of a manifest's release profile. No TOML reader: Python 3.10 has none."""
    section = manifest.read_text().partition("[profile.release]")[2].partition("\n[")[0]
    return {line.strip() for line in section.splitlines() if line.strip() and not line.strip().startswith("#")}
