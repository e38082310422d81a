"""The stack of `examples/microservices.yaml`, deployed once for all who look at it in one file."""

from __future__ import annotations

import uuid
from typing import Callable, Iterator

import pytest
from cloud import Cloud
from samples import SERVICES, Microservices, Sample
from scanned import Image

@pytest.fixture(scope="module")
def microservices(cloud: Cloud) -> Iterator[Microservices]:
    """As a newcomer deploys it. Under the very names of its defaults, unless somebody has them here already."""
    usual = "my-project"
    project = f"e2e-{uuid.uuid4().hex[:8]}" if cloud.registry(f"{usual}-dev-") else usual
    stack = Sample(cloud)
    more = {} if project == usual else {"ProjectName": project}
    stack.deploy("microservices.yaml", **more)
    yield Microservices(cloud, stack, project)
    for service in SERVICES:
        cloud.empty(f"{project}-dev-{service}")
    stack.end()


@pytest.fixture(scope="module")
def scanned(microservices: Microservices) -> Image:
    """An image under `latest` in one of them, whose scan found something."""
    image = Image(microservices.cloud, "latest", microservices.name("order-service"))
    image.scan(generate={"count": 3, "seed": 7})
    return image


@pytest.fixture
def sample(cloud: Cloud) -> Iterator[Callable[[], Sample]]:
    """Stacks that end with the test."""
    made: list[Sample] = []

    def make(name: str = "") -> Sample:
        made.append(Sample(cloud, name))
        return made[-1]

    yield make
    for stack in reversed(made):
        stack.end()
