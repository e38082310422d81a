"""One finding of a hundred that Security Hub will not have: the others are there, and it waits with the reason."""

from __future__ import annotations

import subprocess
from typing import Callable

import pytest
from captured import Webhook
from cloud import Cloud
from forwarding import Forwarding
from scanned import Image
from terminal import ecr_steward

WHY = "Finding does not adhere to Amazon Finding Format. Injected for the test."
# Not one of the vulnerabilities that are in two packages.
NUMBER = 42


@pytest.fixture(scope="session")
def command_line(cloud: Cloud) -> Callable[..., subprocess.CompletedProcess]:
    """`ecr-steward`, with the installation it is to find."""
    return lambda *words: ecr_steward(cloud.variables, *words, "--installation-stack", cloud.installation)


@pytest.fixture
def refused(findings: Forwarding, image: Image) -> str:
    """A scan of a hundred of which one was refused; its vulnerability."""
    image.scan(generate={"count": 100, "seed": 8})
    vulnerability = image.found()[NUMBER]["name"]
    findings.cloud.control("POST", "poisons", {"contains": vulnerability, "message": WHY})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert {key[0] for key in image.keys() - findings.active(image)} == {vulnerability}
    assert len(findings.active(image)) == 99
    return vulnerability


def test_the_one_is_a_dead_letter_with_the_reason_and_is_delivered_on_request(
        findings: Forwarding, image: Image, refused: str) -> None:
    """The request is what `replay` makes of the letter."""
    [letter] = findings.letters()
    assert letter["sink"] == "SecurityHub"
    assert WHY in letter["reason"]
    assert letter["finding"]["vulnerability"] == refused
    assert letter["finding"]["image"]["digest"] == image.digest
    assert letter["event"]["detail"]["repository-name"] == image.repository
    # The same is not tried again by itself.
    findings.counting()
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert (findings.imports(), findings.letters()) == ([], [])
    findings.cloud.control("DELETE", "poisons")
    findings.send(image.job(cause="replay"))
    findings.settle()
    assert findings.imports() == [1]
    assert findings.active(image) == image.keys()


def test_the_command_line_replays_it(
        findings: Forwarding, image: Image, refused: str,
        command_line: Callable[..., subprocess.CompletedProcess]) -> None:
    findings.cloud.control("DELETE", "poisons")
    done = command_line("replay")
    print(f"\n{done.stdout}{done.stderr}")
    assert done.returncode in (0, 1), f"exit {done.returncode}: {done.stderr}"
    assert refused in done.stdout + done.stderr
    findings.settle()
    assert findings.active(image) == image.keys()
    assert findings.letters() == []


def test_a_message_that_a_receiver_refuses_waits_whole_and_is_delivered_on_request(
        findings: Forwarding, policy: Callable[..., None], image: Image, webhook: Webhook) -> None:
    """Its letter holds the job that delivers it."""
    secret = f"{findings.cloud.prefix}/secrets/e2e-refused"
    ssm = findings.cloud.client("ssm")
    # A value that is no address is refused for good.
    ssm.put_parameter(Name=secret, Type="SecureString", Value="no address", Overwrite=True)
    policy({"Sink": "SecurityHub"}, {"Sink": "Slack", "SecretParameter": secret, "When": "Immediate"})
    try:
        image.scan(generate={"severities": {"HIGH": 3}})
        findings.put(image.event("ecr-image-scan-complete"))
        findings.settle()
        assert findings.active(image) == image.keys()
        [letter] = findings.letters()
        assert (letter["sink"], letter["event"]["job"]) == ("Slack", "deliver")
        assert secret in letter["reason"]
        ssm.put_parameter(Name=secret, Type="SecureString", Value=webhook.url, Overwrite=True)
        findings.send(letter["event"])
        findings.settle()
        [body] = webhook.bodies
        assert "3 new findings" in body["text"]
    finally:
        ssm.delete_parameter(Name=secret)
