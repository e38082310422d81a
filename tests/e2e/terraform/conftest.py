"""A world that Terraform made, and the command line that reads of it."""

from __future__ import annotations

from typing import Iterator

import pytest
from terminal import ecr_steward
from terraform_cli import missing
from world import Steward, World


@pytest.fixture(scope="session")
def installed() -> None:
    """Terraform and its provider are there; the recorded states stand for them where they are not."""
    why = missing()
    if why:
        pytest.skip(f"{why}; the states in tests/e2e/terraform/recorded are read instead")


@pytest.fixture
def steward(variables: dict[str, str]) -> Steward:
    """The command line."""
    return lambda *words, given="": ecr_steward(variables, *words, given=given)


@pytest.fixture
def world(variables: dict[str, str]) -> Iterator[World]:
    """The local ECR."""
    world = World(variables)
    yield world
    world.end()
