"""The findings function of the installation, with somebody who listens at the bus and the topic.

Every test begins with the default policy, Security Hub enabled, empty queues, and nothing that fails; and it leaves
things so.
"""

from __future__ import annotations

from typing import Callable, Iterator

import pytest
from captured import Bus, Topic, Webhook
from cloud import Cloud
from forwarding import Forwarding
from machine import Machine
from scanned import Image

# A message that failed comes again after so many seconds; on AWS after fifteen minutes. Longer than a look takes.
HIDDEN_SECONDS = 15
SWITCHES = ("poisons", "limits", "faults", "hub")


@pytest.fixture(scope="session")
def deployed(cloud: Cloud) -> Forwarding:
    """The findings function as the template has it."""
    return Forwarding(cloud, cloud.provider["FindingsQueueUrl"], cloud.provider["FindingsDeadLetterQueueUrl"])


@pytest.fixture(scope="session")
def captured_bus(cloud: Cloud) -> Iterator[Bus]:
    """A listener at the installation's bus."""
    bus = Bus(cloud, cloud.provider["EventBusName"])
    yield bus
    bus.close()


@pytest.fixture(scope="session")
def captured_topic(cloud: Cloud) -> Iterator[Topic]:
    """A subscriber of the installation's topic."""
    topic = Topic(cloud, cloud.provider["NotificationTopicArn"])
    yield topic
    topic.close()


@pytest.fixture
def bus(findings: Forwarding, captured_bus: Bus) -> Bus:
    """The same, with nothing from before."""
    captured_bus.details()
    return captured_bus


@pytest.fixture
def topic(findings: Forwarding, captured_topic: Topic) -> Topic:
    """The same, with nothing from before."""
    captured_topic.messages()
    return captured_topic


@pytest.fixture
def forwarder(cloud: Cloud) -> Iterator[Machine]:
    """The function's processes and settings."""
    machine = Machine(cloud, "Findings")
    yield machine
    machine.restore()


@pytest.fixture
def as_deployed() -> None:
    """Asked for by tests in which batches gather for as long as on AWS."""


@pytest.fixture
def findings(deployed: Forwarding, forwarder: Machine, request: pytest.FixtureRequest) -> Iterator[Forwarding]:
    """The function, with nothing to do."""
    if "as_deployed" not in request.fixturenames:
        forwarder.gather(1)
    healed(deployed.cloud)
    deployed.cloud.control("PUT", "hub", {"enabled": True})
    yield deployed
    healed(deployed.cloud)
    if deployed.forget_policy():
        forwarder.renew()
    deployed.settle()
    deployed.letters()


def healed(cloud: Cloud) -> None:
    """Nothing fails, nothing is refused, and Security Hub is empty."""
    for switch in SWITCHES:
        cloud.control("DELETE", switch)


@pytest.fixture
def policy(findings: Forwarding, forwarder: Machine) -> Callable[..., None]:
    """Puts a policy in force at once."""
    def declare(*routes: dict, **more: object) -> None:
        findings.declare(*routes, **more)
        forwarder.renew()
    return declare


@pytest.fixture
def patience(forwarder: Machine) -> None:
    """What failed comes again soon."""
    forwarder.hide_messages(HIDDEN_SECONDS)


@pytest.fixture
def image(findings: Forwarding) -> Iterator[Image]:
    """An image in a repository of its own."""
    image = Image(findings.cloud)
    yield image
    findings.settle()
    image.end()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A receiver of posts."""
    webhook = Webhook()
    yield webhook
    webhook.close()
