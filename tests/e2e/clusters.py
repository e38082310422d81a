"""The manifests of `examples/kubernetes`, and what a cluster would do with them."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import yaml
from cloud import Cloud
from samples import EXAMPLES, environment

FOLDER = EXAMPLES / "kubernetes"
REFRESH = "pull-secret-refresh.yaml"
KIND = "kubernetes.io/dockerconfigjson"
SECRET = "ecr-secret"


def documents(name: str) -> dict[str, dict[str, Any]]:
    """The objects of a manifest by kind."""
    return {one["kind"]: one for one in yaml.safe_load_all((FOLDER / name).read_text())}


def refresh_pod() -> dict[str, Any]:
    """The pod that renews the pull secret."""
    job = documents(REFRESH)["CronJob"]["spec"]["jobTemplate"]["spec"]
    return job["template"]["spec"]


def refresh(cloud: Cloud, patch: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs its first container as it stands, but for where things are; it writes the patch."""
    [container] = refresh_pod()["initContainers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert set(variables) == {"REGION", "REGISTRY", "PATCH", "HOME"}
    variables |= {"REGION": cloud.variables["AWS_REGION"], "PATCH": str(patch), "HOME": str(patch.parent)} | more
    return subprocess.run([*container["command"], *container["args"]], env=environment(cloud, **variables),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


def registry_of_refresh() -> str:
    """The registry its token is for."""
    [container] = refresh_pod()["initContainers"]
    return {one["name"]: one["value"] for one in container["env"]}["REGISTRY"]


def logins(secret: dict[str, Any]) -> dict[str, Any]:
    """What a pull secret says, as a kubelet reads it."""
    assert secret["type"] == KIND
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    for one in config["auths"].values():
        assert base64.b64decode(one["auth"]).decode() == f"{one['username']}:{one['password']}"
    return config
