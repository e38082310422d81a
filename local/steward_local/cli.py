"""The command line of the local AWS."""

from __future__ import annotations

import argparse
import shlex
import sys

from . import servers, settings, venv


def main(arguments: list[str]) -> int:
    """Runs one command; 0 fine, 1 not running, 2 cannot."""
    parser = argparse.ArgumentParser(
        prog="local/aws",
        description="The local AWS of ecr-steward: MiniStack, and moto with stricter ECR rules.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, text in (
        ("up", "start both servers; does nothing when they run"),
        ("down", "stop both servers and every function they started"),
        ("status", "what runs where; exit 1 unless both are healthy"),
        ("env", "export lines that point a shell at the local AWS: eval \"$(local/aws env)\""),
        ("venv", "only create .venv with the pinned tools"),
    ):
        commands.add_parser(name, help=text, description=text)
    command = parser.parse_args(arguments).command
    try:
        return {"up": up, "down": down, "status": status, "env": env, "venv": make_venv}[command]()
    except settings.LocalError as problem:
        print(f"local/aws: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def make_venv() -> int:
    """Only the environments."""
    with servers.lock():
        venv.ensure()
    return 0


def up() -> int:
    """Everything running and healthy."""
    with servers.lock():
        venv.ensure()
        for server in servers.up():
            print(f"{server.name}: {server.describe()}")
    return 0


def down() -> int:
    """Nothing left running."""
    with servers.lock():
        stopped = servers.down()
    print("stopped: " + ", ".join(stopped) if stopped else "nothing was running")
    return 0


def status() -> int:
    """One line for each server."""
    found = servers.load()
    healthy = True
    for name in servers.NAMES:
        server = found.get(name)
        well = server is not None and server.healthy()
        healthy = healthy and well
        print(f"{name}: " + (server.describe() if server and well else "not running"))
        if server and not well and server.alive():
            print(f"  the process {server.pid} lives but does not answer; see {server.log}")
    return 0 if healthy else 1


def env() -> int:
    """Lines for `eval`. Without running servers there is nothing to point at."""
    found = servers.load()
    if not all(name in found and found[name].healthy() for name in servers.NAMES):
        raise settings.LocalError("the local AWS is not running; start it with: local/aws up")
    print("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN")
    variables = settings.client_environment(found["ministack"].port, found["ecr"].port)
    variables[settings.REGISTRY_VARIABLE] = settings.registry_address(found["ecr"].port)
    for key, value in variables.items():
        print(f"export {key}={shlex.quote(value)}")
    return 0
