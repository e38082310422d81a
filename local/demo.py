#!/usr/bin/env python3
"""`make demo`: the whole of ecr-steward on this machine, from the sources to four repositories and their findings.

Builds the functions, starts the local AWS, deploys template.yaml and examples/microservices.yaml into it, has an image
scanned and shows what came of it. Run again, it repeats only what changed. Never talks to AWS itself.

    local/demo.py [up]                  the demo
    local/demo.py build [ARCHITECTURE]  only the build; this machine's architecture unless said otherwise
    local/demo.py down                  stop the local AWS
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
AWS = [sys.executable, str(ROOT / "local" / "aws")]
PROVIDER_STACK = "ecr-steward"
EXAMPLE_STACK = "microservices"
STARTED = "ECR_STEWARD_DEMO_STARTED"


def main(arguments: list[str]) -> int:
    command = arguments[0] if arguments else "up"
    if command not in ("up", "build", "down") or len(arguments) > (2 if command == "build" else 1):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if command == "down":
        return subprocess.run([*AWS, "down"]).returncode
    if sys.version_info < (3, 10):
        return refuse("Python 3.10 or newer is needed", "Name one you have: make demo PYTHON=python3.12")
    os.environ.setdefault(STARTED, str(time.time()))
    if Path(sys.prefix).resolve() != VENV.resolve():
        return into_venv(arguments)

    from botocore.exceptions import BotoCoreError, ClientError
    from demo_steps import Trouble, build, host_architecture, up

    try:
        if command == "build":
            build(arguments[1] if len(arguments) == 2 else host_architecture())
        else:
            up(float(os.environ[STARTED]))
    except Trouble as trouble:
        return refuse(trouble.what, trouble.advice)
    except (BotoCoreError, ClientError) as error:
        return refuse(f"the local AWS does not do what it should: {error}",
                      "See whether it runs with local/aws status, and start afresh: make demo-down demo")
    return 0


def into_venv(arguments: list[str]) -> int:
    """Looks for what cannot be installed from here, makes .venv, and goes on in it."""
    for look in (need_linux, need_rust, need_c_compiler):
        problem = look()
        if problem:
            return refuse(*problem)
    made = subprocess.run([*AWS, "venv"])
    if made.returncode:
        return refuse("the Python environment could not be made", "The lines above say why. Then run this again.")
    python = str(VENV / "bin" / "python")
    os.execv(python, [python, os.path.abspath(__file__), *arguments])


def need_linux() -> tuple[str, str] | None:
    if sys.platform == "linux":
        return None
    return (
        f"the local AWS runs the functions as they are built for Lambda, as Linux programs; this is {sys.platform}",
        "Run the demo in a Linux machine: a virtual one, WSL, or a development container with Rust and Python.",
    )


def need_rust() -> tuple[str, str] | None:
    if not shutil.which("cargo"):
        return "cargo was not found", "Install Rust with rustup (https://rustup.rs), open a new shell, run this again."
    # In the root of the project, so that rustup fetches the pinned toolchain now, or says why it cannot.
    asked = subprocess.run(["cargo", "--version"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if asked.returncode:
        wanted = shlex.quote(toolchain())
        return (
            "cargo does not run here:\n" + indented(asked.stderr),
            f"Install the toolchain the project is pinned to: rustup toolchain install {wanted}",
        )
    return None


def toolchain() -> str:
    for line in (ROOT / "rust-toolchain.toml").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "channel":
            return value.strip().strip('"')
    return "stable"


def need_c_compiler() -> tuple[str, str] | None:
    if any(shutil.which(name) for name in (os.environ.get("CC", "cc"), "gcc", "clang")):
        return None
    return (
        "no C compiler was found; Rust links with it",
        "Debian and Ubuntu: apt install build-essential. Fedora and Amazon Linux: dnf install gcc.",
    )


def indented(text: str) -> str:
    return "\n".join("    " + line for line in text.strip().splitlines())


def refuse(what: str, advice: str) -> int:
    sys.stdout.flush()
    print(f"\ndemo: {what}\n\n  What to do: {advice}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nInterrupted. What runs, if anything, ends with: make demo-down", file=sys.stderr)
        sys.exit(130)
