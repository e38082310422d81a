"""Cloud Custodian as a judge that knows nothing of ecr-steward: which repositories do its policies flag?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cloud import Cloud

ROOT = Path(__file__).resolve().parents[2]
POLICIES = ROOT / "tests" / "e2e" / "custodian" / "ecr.yaml"


class Judge:
    """The program, in an environment of its own."""

    def __init__(self, cloud: Cloud) -> None:
        sys.path.insert(0, str(ROOT / "local"))
        from steward_local import venv

        self._cloud, self._program = cloud, venv.ensure_custodian()

    def flagged(self, prefix: str) -> dict[str, set[str]]:
        """For each policy, the repositories it flags of those whose names begin so."""
        with tempfile.TemporaryDirectory() as place:
            environment = {"PATH": os.environ["PATH"], "HOME": place, "AWS_CONFIG_FILE": os.devnull,
                           "AWS_SHARED_CREDENTIALS_FILE": os.devnull} | self._cloud.variables
            done = subprocess.run(
                [str(self._program), "run", "--region", self._cloud.variables["AWS_REGION"], "--cache-period", "0",
                 "--output-dir", f"{place}/found", str(POLICIES)],
                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert done.returncode == 0, done.stdout[-4000:]
            found = {}
            for path in Path(place, "found").glob("*/resources.json"):
                names = {one["repositoryName"] for one in json.loads(path.read_text())}
                found[path.parent.name] = {name for name in names if name.startswith(prefix)}
        assert set(found) == {"scanning", "immutability", "lifecycle", "public", "tags"}, sorted(found)
        return found
