"""A local AWS of its own for the benchmarks: nobody else's calls are counted, and nobody else's are disturbed."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
from botocore.config import Config

from .functions import ROOT, Unprepared
from .process import ACCOUNT, REGION

sys.path.insert(0, str(ROOT / "local"))

from steward_local import settings  # noqa: E402

BUCKET = "bench-state"


class LocalAws:
    """Both servers, and what a test may ask behind their backs."""

    def __init__(self, everything: str, ecr: str):
        self.everything, self.ecr = everything, ecr

    def client(self, service: str):
        """A client of it."""
        return boto3.client(service, endpoint_url=self.ecr if service == "ecr" else self.everything, region_name=REGION,
                            aws_access_key_id=ACCOUNT, aws_secret_access_key="local",
                            config=Config(proxies={}, retries={"total_max_attempts": 1}))

    def forget_calls(self) -> None:
        """Counts from nought again."""
        self._ask("DELETE")

    def calls(self) -> dict[str, int]:
        """Calls of ECR by operation."""
        return json.loads(self._ask("GET")).get("ecr", {})

    def _ask(self, method: str) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(f"{self.ecr}/_steward/calls", method=method)) as answer:
            return answer.read()


@contextlib.contextmanager
def running() -> Iterator[LocalAws]:
    """Started in a directory of its own, on ports that are free, and stopped again."""
    with tempfile.TemporaryDirectory(prefix="bench-aws-") as place:
        settings.RUN = Path(place)
        settings.STATE_FILE = Path(place) / "state.json"
        # Only now: it takes over what the settings say.
        from steward_local import servers
        try:
            ports = {server.name: server.port for server in servers.up()}
        except settings.LocalError as problem:
            raise Unprepared(f"the local AWS does not start: {problem}") from problem
        try:
            local = LocalAws(settings.endpoint(ports["ministack"]), settings.endpoint(ports["ecr"]))
            local.client("s3").create_bucket(Bucket=BUCKET)
            yield local
        finally:
            servers.down()
