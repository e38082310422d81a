"""A world that Terraform made, and the command line that reads of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from terraform_cli import missing
from world import Steward, World

ROOT = Path(__file__).resolve().parents[3]
COMMAND = ROOT / "target" / "debug" / "ecr-steward"


@pytest.fixture(scope="session")
def installed() -> None:
    """Terraform and its provider are there; the recorded states stand for them where they are not."""
    why = missing()
    if why:
        pytest.skip(f"{why}; the states in tests/e2e/terraform/recorded are read instead")


@pytest.fixture
def steward(variables: dict[str, str]) -> Steward:
    """The command line."""
    assert COMMAND.is_file(), "the command line is not built; run: cargo build --bin ecr-steward"
    environment = {"PATH": os.environ["PATH"], "AWS_CONFIG_FILE": os.devnull,
                   "AWS_SHARED_CREDENTIALS_FILE": os.devnull} | variables

    def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(COMMAND), *words], env=environment, input=given, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)

    return run


@pytest.fixture
def world(variables: dict[str, str]) -> Iterator[World]:
    """The local ECR."""
    world = World(variables)
    yield world
    world.end()
