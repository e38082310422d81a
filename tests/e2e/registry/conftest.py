"""The registry's settings of the account. Every test begins and ends with a registry nobody configured, and with
nothing remembered of who declared what."""

from __future__ import annotations

import uuid
from typing import Iterator

import pytest
from cloud import Cloud
from settings import Registry
from stacks import Lab


@pytest.fixture
def registry(cloud: Cloud) -> Iterator[Registry]:
    """The registry."""
    registry = Registry(cloud)
    registry.clear()
    yield registry
    registry.clear()


@pytest.fixture
def lab(registry: Registry, cloud: Cloud) -> Iterator[Lab]:
    """Stacks of the test's own, gone before the registry is cleared."""
    lab = Lab(cloud, f"e2e-{uuid.uuid4().hex[:8]}")
    yield lab
    lab.end()
