"""Starts, watches and stops the two servers.

Each server leads a process group of its own, so that stopping the group also
ends the functions MiniStack has started as its children.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterator

from .settings import (ACCOUNT, HOST, LOCAL, MINISTACK_VENV, REGION, RUN, STATE_FILE, VENV,
                       LocalError, client_environment, endpoint, kept_environment)

NAMES = ("ministack", "ecr")
HEALTH = {"ministack": "/_ministack/ready", "ecr": "/_steward/health"}
PORT_VARIABLES = {"ministack": ("STEWARD_LOCAL_PORT", 4566), "ecr": ("STEWARD_LOCAL_ECR_PORT", 4567)}
START_SECONDS = 90
# MiniStack ends its workers within two seconds; after this the group is killed.
STOP_SECONDS = 6


@dataclass
class Server:
    """One server as the state file knows it."""

    name: str
    pid: int
    born: str
    port: int
    log: str

    def alive(self) -> bool:
        """Is this still the process we started, and not a later one of its number?"""
        return self.born != "" and birth(self.pid) == self.born

    def healthy(self) -> bool:
        """Does the process live and answer?"""
        return self.alive() and answers(self.name, self.port)

    def describe(self) -> str:
        """For a person."""
        return f"{endpoint(self.port)} (pid {self.pid}, log {self.log})"


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Two commands at once would start two pairs of servers."""
    RUN.mkdir(parents=True, exist_ok=True)
    with open(RUN / "lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def load() -> dict[str, Server]:
    """What the state file says, whether or not it is still true."""
    try:
        stored = json.loads(STATE_FILE.read_text())
        return {name: Server(**entry) for name, entry in stored.items() if name in NAMES}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def save(servers: dict[str, Server]) -> None:
    """Replaces the state file as a whole, so that a reader never sees half of one."""
    new = STATE_FILE.with_suffix(".new")
    new.write_text(json.dumps({name: asdict(one) for name, one in servers.items()}, indent=2) + "\n")
    new.replace(STATE_FILE)


def up() -> list[Server]:
    """Both servers, healthy."""
    found = load()
    if all(name in found and found[name].healthy() for name in NAMES):
        return [found[name] for name in NAMES]
    # The two know each other's port, so a lone survivor is started again too.
    down()
    ports: dict[str, int] = {}
    for name in NAMES:
        ports[name] = choose_port(name, set(ports.values()))
    started: dict[str, Server] = {}
    try:
        for name in NAMES:
            started[name] = start(name, ports)
            save(started)
        for server in started.values():
            wait_healthy(server)
    except BaseException:
        down()
        raise
    return list(started.values())


def down() -> list[str]:
    """Stops what the state file names; gives the names of what really ran."""
    found = load()
    stopped = []
    for server in found.values():
        if server.alive() or group_exists(server):
            stopped.append(server.name)
            signal_group(server, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for server in found.values():
        while group_exists(server) and time.monotonic() < deadline:
            reap(server.pid)
            time.sleep(0.05)
        if group_exists(server):
            signal_group(server, signal.SIGKILL)
            reap(server.pid)
    STATE_FILE.unlink(missing_ok=True)
    shutil.rmtree(RUN / "tmp", ignore_errors=True)
    return stopped


def choose_port(name: str, taken: set[int]) -> int:
    """The configured port, or the usual one, or any free one."""
    variable, usual = PORT_VARIABLES[name]
    wish = os.environ.get(variable, "")
    if wish:
        if not wish.isdigit() or not 0 < int(wish) < 65536:
            raise LocalError(f"{variable}={wish} is not a port number")
        if int(wish) in taken or not free(int(wish)):
            raise LocalError(
                f"port {wish} is in use by another program; choose another {variable}, "
                "or leave it out to have a free one picked"
            )
        return int(wish)
    if usual not in taken and free(usual):
        return usual
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def free(port: int) -> bool:
    """Can this port be bound?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def start(name: str, ports: dict[str, int]) -> Server:
    """Starts one server in a session of its own."""
    scratch = RUN / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    variables = kept_environment() | {"PYTHONPATH": str(LOCAL), "PYTHONDONTWRITEBYTECODE": "1",
                                      "PYTHONUNBUFFERED": "1", "TMPDIR": str(scratch)}
    if name == "ministack":
        python, module = MINISTACK_VENV / "bin" / "python", "steward_local.ministack_server"
        variables |= ministack_environment(ports)
    else:
        python, module = VENV / "bin" / "python", "steward_local.ecr"
        variables |= {"MOTO_ACCOUNT_ID": ACCOUNT, "STEWARD_ECR_PORT": str(ports["ecr"])}
    log = RUN / f"{name}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [str(python), "-m", module], cwd=RUN, env=variables, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )
    return Server(name, process.pid, birth(process.pid), ports[name], str(log))


def ministack_environment(ports: dict[str, int]) -> dict[str, str]:
    """MiniStack's own settings and, since it hands its environment on, the
    endpoints its functions call."""
    return client_environment(ports["ministack"], ports["ecr"]) | {
        "AWS_SESSION_TOKEN": "local",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(ports["ministack"]),
        "MINISTACK_HOST": HOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        # Listeners on fixed ports that nobody here needs.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "S3_DATA_DIR": str(RUN / "tmp" / "s3"),
        "STATE_DIR": str(RUN / "tmp" / "state"),
    }


def wait_healthy(server: Server) -> None:
    """Until it answers; explains itself with the end of the log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(server.name, server.port):
            return
        reap(server.pid)
        if not server.alive():
            raise LocalError(f"{server.name} ended while starting:\n{tail(server.log)}")
        time.sleep(0.1)
    raise LocalError(f"{server.name} did not answer within {START_SECONDS} s:\n{tail(server.log)}")


def answers(name: str, port: int) -> bool:
    """One health request. Proxies of the environment are not for 127.0.0.1."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(endpoint(port) + HEALTH[name], timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def tail(log: str, lines: int = 8) -> str:
    """The last lines of a log, indented."""
    try:
        text = Path(log).read_text(errors="replace").strip().splitlines()[-lines:]
    except OSError:
        text = []
    return "\n".join("  " + line for line in text) or "  (the log is empty)"


def birth(pid: int) -> str:
    """When a process was started, as opaque text; empty when there is none."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    state, _, started = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def group_exists(server: Server) -> bool:
    """Is anything of the server's process group left?"""
    if birth(server.pid) not in ("", server.born):
        return False
    if Path("/proc/self/stat").exists():
        return any(member_of(entry, server.pid) for entry in Path("/proc").glob("[0-9]*/stat"))
    try:
        os.killpg(server.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def member_of(stat: Path, group: int) -> bool:
    """Does this live process belong to the group? A dead one that nobody has
    collected yet does not count: the first process of a container may never."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z" and int(fields[2]) == group


def signal_group(server: Server, number: int) -> None:
    """To the server and all its children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, number)


def reap(pid: int) -> None:
    """Collects the process if it is our own child, as after a failed start."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)
