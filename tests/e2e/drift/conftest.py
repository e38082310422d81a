"""The drift function of the installation. Every test begins and ends with an empty queue, no baseline of its own, no
kill switch, and nothing remembered of earlier changes."""

from __future__ import annotations

from typing import Iterator

import pytest
from captured import Topic
from cloud import Cloud
from judge import Judge
from machine import Machine
from oversight import Oversight
from stacks import Lab, Stack


@pytest.fixture(scope="session")
def judge(cloud: Cloud) -> Judge:
    """Cloud Custodian."""
    return Judge(cloud)


@pytest.fixture(scope="session")
def overseer(cloud: Cloud) -> Oversight:
    """The function as the template has it."""
    return Oversight(cloud)


@pytest.fixture
def watcher(cloud: Cloud) -> Iterator[Machine]:
    """The function's processes and settings."""
    machine = Machine(cloud, "Drift")
    machine.gather(1)
    yield machine
    machine.restore()


@pytest.fixture
def oversight(overseer: Oversight, watcher: Machine, lab: Lab) -> Iterator[Oversight]:
    """The function, with nothing to do and nothing to remember."""
    overseer.forget()
    watcher.renew()
    yield overseer
    overseer.settle()
    overseer.forget_switch()
    overseer.cloud.control("DELETE", "previews")
    overseer.letters()


@pytest.fixture
def baselines(lab: Lab) -> Stack:
    """The stack that declares the account's baseline."""
    return lab.stack("-baseline")


@pytest.fixture
def topic(cloud: Cloud) -> Iterator[Topic]:
    """A subscriber of the installation's topic."""
    topic = Topic(cloud, cloud.provider["NotificationTopicArn"])
    yield topic
    topic.close()
