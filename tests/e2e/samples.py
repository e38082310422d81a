"""The templates of `examples/`, deployed as they stand, and commands as people type them."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
import uuid
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import awscli
import yaml
from awscli.clidriver import create_clidriver
from cloud import Cloud
from stacks import Stack

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TOOLS = Path(sys.executable).parent
# The short names of examples/microservices.yaml.
SERVICES = ("customer-service", "order-service", "payment-service", "inventory-service")


class Sample(Stack):
    """A stack of one of the examples."""

    def __init__(self, cloud: Cloud, name: str = "") -> None:
        super().__init__(cloud, name or f"example-{uuid.uuid4().hex[:8]}")
        self.shown: dict[str, str] = {}

    def deploy(self, example: str, expect: str = "CREATE_COMPLETE", **parameters: str) -> dict[str, str]:
        """Creates it from a file of `examples/`; its outputs. `ProviderStackName` is filled in where it is asked for."""
        return self.deploy_text((EXAMPLES / example).read_text(), expect, **parameters)

    def deploy_text(self, text: str, expect: str = "CREATE_COMPLETE", url: str = "",
                    **parameters: str) -> dict[str, str]:
        """The same from a template's text, or from where in S3 it lies."""
        if "ProviderStackName" in parsed(text)["Parameters"]:
            parameters.setdefault("ProviderStackName", self.cloud.installation)
        body = {"TemplateURL": url} if url else {"TemplateBody": text}
        answer = self.cloud.client("cloudformation").create_stack(
            StackName=self.name, **body, Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
        self.id = answer["StackId"]
        self.wait(expect)
        self.shown = self.outputs()
        return self.shown

    def end(self) -> None:
        """Leaves nothing behind, whatever became of the test."""
        if self.id and self.at_rest() != "DELETE_COMPLETE":
            self.delete()


@dataclass
class Microservices:
    """The stack, and what its repositories are called."""

    cloud: Cloud
    stack: Sample
    project: str

    @property
    def outputs(self) -> dict[str, str]:
        """What the stack shows."""
        return self.stack.shown

    def name(self, service: str = "customer-service") -> str:
        """A service's repository."""
        return f"{self.project}-dev-{service}"


class _Loader(yaml.SafeLoader):
    """Reads templates; `!Sub` and its like become what stands behind them."""


def _plain(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _plain)


def parsed(text: str) -> dict[str, Any]:
    """A template as data."""
    return yaml.load(text, Loader=_Loader)


def environment(cloud: Cloud, **more: str) -> dict[str, str]:
    """That of somebody who works with the local AWS and nothing else."""
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": os.environ.get("HOME", "/"), "AWS_PAGER": "", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull} | cloud.variables | more


def typed(cloud: Cloud, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a command line in a shell."""
    return subprocess.run(["sh", "-c", command], env=environment(cloud, **more), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)


def asked(cloud: Cloud, command: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a command of the AWS CLI, run in this process: a new one takes seconds to load its modules."""
    program, *arguments = shlex.split(command)
    assert program == "aws"
    # The CLI writes some answers as bytes.
    out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    known = environment(cloud, AWS_DATA_PATH=str(Path(awscli.__file__).parent / "data"))
    with mock.patch.dict(os.environ, known, clear=True), redirect_stdout(out), redirect_stderr(err):
        code = create_clidriver().main(arguments)
    return subprocess.CompletedProcess(command, code, out.buffer.getvalue().decode(), err.getvalue())
