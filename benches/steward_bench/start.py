"""From exec to the first request for an event: what a cold start waits for."""

from __future__ import annotations

from .functions import Function
from .process import NOWHERE, environment, forwarding_variables, started
from .report import Sample, Section, faster, within
from .runtime_api import RuntimeApi
from .trust import roots_in, system_bundle

RUNS = 31
FASTER_THAN_BOTO3 = 40
TIMES_OF_HELLO = 3


def measure(ours: Function, findings: Function, boto3: Function, hello: Function) -> Section:
    """Takes turns, so that a disturbance meets all of them."""
    functions = [ours, findings, hello, boto3]
    given = {findings.name: forwarding_variables(NOWHERE)}
    for function in functions:
        once(function, **given.get(function.name, {}))
    times: dict[str, list[float]] = {function.name: [] for function in functions}
    for _ in range(RUNS):
        for function in functions:
            times[function.name].append(once(function, **given.get(function.name, {})))
    mine, forwarding, python, least = (Sample(times[one.name]) for one in (ours, findings, boto3, hello))
    figures = [
        faster("exec → first GET /next, no warm-up", mine, "boto3", python, FASTER_THAN_BOTO3),
        within("", mine, "hello", least, TIMES_OF_HELLO),
        within("the same of the findings function", forwarding, "hello", least, TIMES_OF_HELLO),
    ]
    return Section("Start", figures, f"{RUNS} runs each; ours includes its AWS clients and a trust store of "
                                     f"{roots_in(system_bundle())} roots, boto3's has two clients, hello's nothing")


def once(function: Function, **variables: str) -> float:
    """Milliseconds of one start."""
    with RuntimeApi() as api:
        given = environment(api, system_bundle(), **function.variables, **variables)
        with started(function.command, given) as process:
            return process.since(api.await_next())
