"""A MiniStack of the tests' own, and functions in it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, Callable, Iterator, TypeVar

from conftest import LOCAL

PYTHON = LOCAL.parent / ".venv" / "ministack" / "bin" / "python"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
T = TypeVar("T")

# How every bootstrap of the tests begins: NOTES is where it writes, `note` how.
PROLOGUE = '''#!%(python)s
import json, os, signal, sys, time, urllib.error, urllib.request
API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
def note(value):
    with open(%(notes)r, "a") as file:
        file.write(json.dumps(value) + "\\n")
def put(url, body, headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT")) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
def following():
    with urllib.request.urlopen(API + "invocation/next") as answer:
        return json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
def settle(request, value, how="response"):
    data = json.dumps(value).encode()
    urllib.request.urlopen(urllib.request.Request(API + f"invocation/{request}/{how}", data, method="POST"))
'''


@contextlib.contextmanager
def running(place: Path) -> Iterator[str]:
    """The base URL of a server whose files are all in this directory."""
    from steward_local.servers import ministack_environment

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(LOCAL), "PYTHONDONTWRITEBYTECODE": "1",
                 "TMPDIR": str(place)} | ministack_environment({"ministack": port, "ecr": 1})
    base = f"http://127.0.0.1:{port}"
    with open(place / "log", "wb") as log:
        server = subprocess.Popen([str(PYTHON), "-m", "steward_local.ministack_server"], env=variables,
                                  cwd=place, stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(base + "/_ministack/ready", timeout=2).close()
                    break
                except (urllib.error.URLError, OSError):
                    assert server.poll() is None and time.monotonic() < deadline
                    time.sleep(0.1)
            yield base
        finally:
            os.killpg(server.pid, 15)
            server.wait(10)


def function_arn(name: str) -> str:
    """Of a function of the tests."""
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"


def archive(body: str, notes: Path) -> bytes:
    """The code of a function that notes what it sees in a file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        file.writestr(entry, PROLOGUE % {"python": PYTHON, "notes": str(notes)} + body)
    return packed.getvalue()


def create_function(functions: Any, name: str, notes: Path, body: str, **settings: Any) -> None:
    """Makes one; it lives like any function until it is deleted."""
    functions.create_function(**{"FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap",
                                 "Timeout": 20, "Role": ROLE, "Code": {"ZipFile": archive(body, notes)}} | settings)


def noted(notes: Path) -> list[Any]:
    """Everything the functions noted since the test began."""
    return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def until(look: Callable[[], T], seconds: float = 20) -> T:
    """What there is to see once there is something."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.05)


def ask(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """One plain HTTP request; its status and body, whatever the status."""
    status, _, answer = answered(method, url, body, headers or {})
    return status, answer


def answered(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any, bytes]:
    """The same with the headers of the answer."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.headers, problem.read()
