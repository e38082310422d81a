"""Starts a function as Lambda would, and looks at what it used."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .functions import Unprepared
from .runtime_api import NoSign, RuntimeApi

# 12 digits: the local AWS takes it for the account.
ACCOUNT = "123456789012"
REGION = "us-east-1"
# Of ours the function sees only what is needed to start an interpreter.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
NOWHERE = "http://127.0.0.1:9"


def environment(api: RuntimeApi, trust: Path, **more: str) -> dict[str, str]:
    """The variables of a function. `trust` is the bundle of certificates it trusts."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # A benchmark never leaves the machine, whatever the measured function does.
        "AWS_ENDPOINT_URL": NOWHERE,
        "STATE_BUCKET": "bench-state",
        "QUEUE_URL": f"{NOWHERE}/{ACCOUNT}/bench",
        "PARAMETER_PREFIX": "/bench",
        "LOG_LEVEL": "ERROR",
        "WARM_UP": "off",
        # One file, as in Lambda's own image; otherwise each certificate of this machine's directory is read too.
        "SSL_CERT_FILE": str(trust),
        "AWS_CA_BUNDLE": str(trust),
    } | more


def forwarding_variables(url: str) -> dict[str, str]:
    """What the findings function is given beyond that, with an AWS at this address."""
    return {
        "AWS_ENDPOINT_URL": url,
        "ACCOUNT_ID": ACCOUNT,
        "PARTITION": "aws",
        "STATE_BUCKET": "bench-state",
        "PARAMETER_PREFIX": "/ecr-steward",
        "QUEUE_URL": f"{url}/{ACCOUNT}/findings",
        "DEAD_LETTER_URL": f"{url}/{ACCOUNT}/findings-dead",
        "TOPIC_ARN": f"arn:aws:sns:{REGION}:{ACCOUNT}:notifications",
        "EVENT_BUS_NAME": "ecr-steward",
        "MAX_RECEIVES": "5", "STACK_NAME": "bench", "REPOSITORY_NAME_PATTERN": "*",
        "LOG_LEVEL": "WARN",
    }


class Process:
    """A running function."""

    def __init__(self, pid: int, began: int, log: Path):
        self.pid, self.began, self.log = pid, began, log

    def since(self, when: int) -> float:
        """Milliseconds from its start to a moment."""
        return (when - self.began) / 1e6

    def peak_kib(self) -> int:
        """The most memory it ever had resident (VmHWM)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1])

    def cpu_ms(self) -> float:
        """Processor time of all its threads so far, in user and kernel mode. Its clock knows nanoseconds; the times of
        /proc know ticks of ten milliseconds."""
        return time.clock_gettime((~self.pid << 3) | 2) * 1e3


@contextlib.contextmanager
def started(command: list[str], variables: Mapping[str, str]) -> Iterator[Process]:
    """A function that runs; killed afterwards. What it printed is shown when it did not behave."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        log = Path(place) / "log"
        output = (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT, 0o600)
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), output, (os.POSIX_SPAWN_DUP2, 1, 2)]
        began = time.perf_counter_ns()
        try:
            pid = os.posix_spawn(command[0], command, variables, file_actions=actions, setpgroup=0)
        except OSError as problem:
            raise Unprepared(f"{command[0]}: {problem.strerror}; is it built for this machine?") from None
        try:
            yield Process(pid, began, log)
        except NoSign as problem:
            printed = log.read_text(errors="replace").strip()[-2000:]
            raise NoSign(f"{command}: {problem}\n{printed or '(it printed nothing)'}") from None
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
