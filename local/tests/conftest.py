"""One local ECR and one MiniStack for the whole test run, on ports of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

LOCAL = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(LOCAL))
ACCOUNT = "210987654321"


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """The base URL of a fresh server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(LOCAL), "PYTHONDONTWRITEBYTECODE": "1",
                 "MOTO_ACCOUNT_ID": ACCOUNT, "STEWARD_ECR_PORT": str(port)}
    server = subprocess.Popen([sys.executable, "-m", "steward_local.ecr"], env=variables,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert server.poll() is None, "the server ended while starting"
            try:
                if control("GET", base, "health") == {"status": "ok"}:
                    break
            except urllib.error.URLError:
                time.sleep(0.1)
        else:
            pytest.fail("the server did not start")
        yield base
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a fresh MiniStack."""
    from own import running

    with running(tmp_path_factory.mktemp("ministack")) as base:
        yield base


def control(method: str, base: str, path: str, body: Any = None) -> Any:
    """One request below /_steward/; the JSON of the answer, None when empty."""
    request = urllib.request.Request(f"{base}/_steward/{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def client(url: str, service: str, region: str = "us-east-1") -> Any:
    """A client that, like those of compiled languages, checks nothing itself."""
    session = Session()
    session.set_credentials("local", "local")
    return session.create_client(service, region_name=region, endpoint_url=url, config=Config(
        parameter_validation=False, retries={"total_max_attempts": 1}))


@pytest.fixture(scope="session")
def ecr(url: str) -> Any:
    """The ECR of us-east-1."""
    return client(url, "ecr")


@pytest.fixture
def repository(ecr: Any) -> str:
    """A repository of the test's own."""
    name = f"test/{uuid.uuid4().hex}"
    ecr.create_repository(repositoryName=name)
    return name


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    """Code and message of the refusal a call has to meet."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
