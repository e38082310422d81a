"""One local AWS and one installation of ecr-steward for each process of the run, and a project for each test.

The installation is what `sam build` made, deployed with `sam deploy` under a name and an SSM prefix of its own, so
that it lives beside another one. Servers that ran before are used and go on running; nothing of ours stays in them.
Writes are counted for the whole of the local ECR, so nothing else may use it meanwhile: with `-n 2` each process has a
local AWS to itself.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shlex
import subprocess
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest
from cloud import Cloud
from machine import Machine
from stacks import Lab, Stack, uninstall

ROOT = Path(__file__).resolve().parents[2]
AWS = [sys.executable, str(ROOT / "local" / "aws")]
BOOTSTRAP = ROOT / ".aws-sam" / "build" / "CustomResourceFunction" / "bootstrap"
INSTALLATION = "ecr-steward-e2e"
PREFIX = "/ecr-steward-e2e"
SAM_STACK = "aws-sam-cli-managed-default"

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["STEWARD_LOCAL_RUN"] = str(ROOT / ".local" / os.environ["PYTEST_XDIST_WORKER"])


@pytest.fixture(scope="session")
def bootstrap() -> Path:
    """The built function."""
    assert BOOTSTRAP.is_file(), "the functions are not built; run: make build"
    return BOOTSTRAP


@pytest.fixture(scope="session")
def variables() -> Iterator[dict[str, str]]:
    """What points a client at the local AWS."""
    was_running = subprocess.run([*AWS, "status"], stdout=subprocess.DEVNULL).returncode == 0
    with one_at_a_time():
        subprocess.run([*AWS, "up"], stdout=subprocess.DEVNULL, check=True)
    told = subprocess.run([*AWS, "env"], stdout=subprocess.PIPE, text=True, check=True).stdout
    yield dict(word.split("=", 1) for word in shlex.split(told) if "=" in word)
    if not was_running:
        subprocess.run([*AWS, "down"], stdout=subprocess.DEVNULL, check=True)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two that start at once would choose the same free ports."""
    (ROOT / ".local").mkdir(exist_ok=True)
    with open(ROOT / ".local" / "starting", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def cloud(variables: dict[str, str], bootstrap: Path) -> Iterator[Cloud]:
    """The local AWS with ecr-steward deployed in it."""
    cloud = Cloud(variables, INSTALLATION, PREFIX)
    installation, sam = Stack(cloud, INSTALLATION), Stack(cloud, SAM_STACK)
    had_sam = sam.status() != "DELETE_COMPLETE"
    if installation.status() != "DELETE_COMPLETE":
        uninstall(cloud, installation, "StateBucket")
    deploy(variables)
    yield cloud
    kept = [cloud.log_group, cloud.resource("FindingsLogGroup"), cloud.resource("DriftLogGroup")]
    uninstall(cloud, installation, "StateBucket")
    for log_group in kept:
        cloud.client("logs").delete_log_group(logGroupName=log_group)
    if not had_sam:
        uninstall(cloud, sam, "SamCliSourceBucket")


def deploy(variables: dict[str, str]) -> None:
    """`sam deploy` of what was built, with the settings of samconfig.toml but for the names."""
    architecture = {"x86_64": "x86_64", "amd64": "x86_64"}.get(platform.machine().lower(), "arm64")
    # Without --template-file, which would also move the place where SAM looks for samconfig.toml.
    command = [str(Path(sys.executable).parent / "sam"), "deploy", "--stack-name", INSTALLATION,
               "--parameter-overrides", f"Architecture={architecture}", f"ParameterPrefix={PREFIX}"]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "SAM_CLI_TELEMETRY": "0",
                   "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull} | variables
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"sam deploy failed:\n{done.stdout[-4000:]}"


@pytest.fixture
def lab(cloud: Cloud) -> Iterator[Lab]:
    """A project of the test's own."""
    lab = Lab(cloud, f"e2e-{uuid.uuid4().hex[:8]}")
    yield lab
    lab.end()


@pytest.fixture
def machine(lab: Lab, cloud: Cloud) -> Iterator[Machine]:
    """The function's processes and settings. All is well again before the test's stacks are deleted."""
    machine = Machine(cloud, "CustomResource", "Unanswered")
    yield machine
    machine.restore()
    cloud.free_ecr()
    cloud.clear_faults()
