"""Terraform with its AWS provider, where both are installed.

Nothing is downloaded. The provider is looked for where Terraform itself looks, where its configuration file says, in
`TF_PLUGIN_DIR`, and below /opt.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, Iterator

HERE = Path(__file__).resolve().parent
PROVIDER = Path("registry.terraform.io") / "hashicorp" / "aws"


def plugin_folders() -> Iterator[Path]:
    """Where the provider may be."""
    for variable in ("TF_PLUGIN_DIR", "TF_PLUGIN_CACHE_DIR"):
        if os.environ.get(variable):
            yield Path(os.environ[variable])
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", Path.home() / ".terraformrc"))
    if configuration.is_file():
        text = configuration.read_text()
        yield from map(Path, re.findall(r'(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"', text))
    yield Path.home() / ".terraform.d" / "plugins"
    yield Path("/usr/share/terraform/plugins")
    yield Path("/usr/local/share/terraform/plugins")
    opt = Path("/opt")
    if opt.is_dir():
        for folder in sorted(opt.iterdir()):
            yield folder
            yield folder / "plugins"


def missing() -> str:
    """What is not installed; nothing where all is."""
    if not shutil.which("terraform"):
        return "terraform is not installed"
    if not any((folder / PROVIDER).is_dir() for folder in plugin_folders()):
        return "Terraform's AWS provider is not installed; TF_PLUGIN_DIR may say where it is"
    return ""


class Terraform:
    """A configuration in a folder of its own."""

    def __init__(self, folder: Path, configuration: str, variables: dict[str, str], **inputs: Any) -> None:
        self.folder = folder
        shutil.copytree(HERE / configuration, folder, dirs_exist_ok=True)
        shutil.copy(HERE / "provider.tf", folder)
        given = inputs | {"ecr_endpoint": variables["AWS_ENDPOINT_URL_ECR"], "endpoint": variables["AWS_ENDPOINT_URL"]}
        (folder / "terraform.tfvars.json").write_text(json.dumps(given))
        # Variables for other services stay out: an endpoint of them all would lead the provider astray.
        kept = ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED")
        self._environment = {key: variables[key] for key in kept} | {
            "PATH": os.environ["PATH"], "HOME": str(folder), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
            "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        self.status = 0
        self.prepare()

    def prepare(self) -> None:
        """Finds modules and provider; needed again after a new module call."""
        plugins = next(one for one in plugin_folders() if (one / PROVIDER).is_dir())
        self.run("init", "-input=false", f"-plugin-dir={plugins}")

    def run(self, command: str, *options: str, fine: tuple[int, ...] = (0,)) -> str:
        """Runs a command; what it printed."""
        done = subprocess.run(["terraform", command, *options], cwd=self.folder, env=self._environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.status = done.returncode
        assert done.returncode in fine, f"terraform {command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def apply(self) -> None:
        """Makes the world as it is configured."""
        self.run("apply", "-input=false", "-no-color", "-auto-approve", "-parallelism=20")

    def show(self) -> str:
        """The state, as a person would hand it over."""
        return self.run("show", "-json")

    def plan(self) -> dict[str, Any]:
        """What would be done; the text for people under `text`."""
        text = self.run("plan", "-input=false", "-no-color", "-out=planned")
        return json.loads(self.run("show", "-json", "planned")) | {"text": text}

    def managed(self) -> list[str]:
        """The addresses in the state."""
        return self.run("state", "list").split()

    def reconfigure(self, configuration: str) -> None:
        """Puts something else in place of the main file and its modules."""
        (self.folder / "main.tf").write_text(configuration)
        shutil.rmtree(self.folder / "modules")


def actions(plan: dict[str, Any]) -> Counter[str]:
    """How many resources have which action."""
    return Counter("+".join(one["change"]["actions"]) for one in plan["resource_changes"] if one["mode"] == "managed")
