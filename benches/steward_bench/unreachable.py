"""What an ECR that cannot be reached costs a start: the early connection must not hold the function up."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from . import start
from .functions import Function
from .report import Sample, Section, at_most
from .wire import HOST

RUNS = 11
GOAL_MS = 250
UNRESOLVABLE = "https://does-not-exist.invalid"


def measure(ours: Function) -> Section:
    """Each kind of failure beside a start without warm-up, in turns."""
    with silent() as mute, full() as closed:
        kinds = {"unresolvable host": UNRESOLVABLE, "accepts, never speaks TLS": mute, "never accepts": closed}
        plain: list[float] = []
        delayed: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(RUNS):
            plain.append(start.once(ours, WARM_UP="off"))
            for kind, url in kinds.items():
                delayed[kind].append(start.once(ours, WARM_UP="on", AWS_ENDPOINT_URL_ECR=url))
    off = Sample(plain)
    figures = []
    for kind, times in delayed.items():
        on = Sample(times)
        figures.append(at_most(f"start delayed by: {kind}", on.median - off.median, "ms", GOAL_MS,
                               f"without warm-up: {off}", f"{on.median:.1f} ms to /next"))
    return Section("ECR out of reach", figures, f"{RUNS} runs each; differences of medians")


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Somebody who takes connections and says nothing: the kernel completes them, nobody reads."""
    with socket.create_server((HOST, 0), backlog=1024) as listener:
        yield f"https://{HOST}:{listener.getsockname()[1]}"


@contextlib.contextmanager
def full() -> Iterator[str]:
    """A listener whose queue is full: further attempts are dropped, as behind a firewall."""
    with socket.create_server((HOST, 0), backlog=0) as listener, contextlib.ExitStack() as held:
        address = listener.getsockname()
        for _ in range(8):
            one = held.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(address)
        yield f"https://{HOST}:{address[1]}"
