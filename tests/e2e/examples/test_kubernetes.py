"""The manifests of `examples/kubernetes`, and the pull secret: the command that makes it, and the job that renews it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cloud import Cloud
from clusters import KIND, REFRESH, SECRET, documents, logins, refresh, refresh_pod, registry_of_refresh
from samples import Microservices, typed

KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="no kubectl here; the pull secret was not made with it")


@needs_kubectl
def test_the_pull_secret_command_makes_the_secret(microservices: Microservices, cloud: Cloud) -> None:
    done = typed(cloud, f"{microservices.outputs['K8sImagePullSecret']} --dry-run=client -o json")
    assert done.returncode == 0, done.stderr
    secret = json.loads(done.stdout)
    assert secret["metadata"]["name"] == SECRET
    host = json.loads(microservices.outputs["RepositoryUrls"])["order-service"].partition("/")[0]
    one = logins(secret)["auths"][host]
    assert one["username"] == "AWS" and len(one["password"]) > 3


def test_the_deployment_uses_that_secret_and_an_image_of_the_fleet() -> None:
    deployment = documents("deployment.yaml")["Deployment"]
    pod = deployment["spec"]["template"]
    assert pod["spec"]["imagePullSecrets"] == [{"name": SECRET}]
    [container] = pod["spec"]["containers"]
    assert re.fullmatch(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/my-project-dev-customer-service:latest",
                        container["image"])
    assert pod["metadata"]["labels"] == deployment["spec"]["selector"]["matchLabels"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True


def test_the_refresh_may_change_that_one_secret_and_nothing_else() -> None:
    found = documents(REFRESH)
    assert set(found) == {"ServiceAccount", "Role", "RoleBinding", "CronJob"}
    # A right to create cannot be limited to a name, so there is none.
    assert found["Role"]["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET], "verbs": ["get", "patch"]}]
    account = found["ServiceAccount"]["metadata"]["name"]
    assert found["RoleBinding"]["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": found["Role"]["metadata"]["name"]}
    assert found["RoleBinding"]["subjects"] == [{"kind": "ServiceAccount", "name": account}]
    assert refresh_pod()["serviceAccountName"] == account
    assert all("namespace" not in one["metadata"] for one in found.values())


def test_the_refresh_runs_often_enough_to_miss_one() -> None:
    spec = documents(REFRESH)["CronJob"]["spec"]
    minute, hours, *rest = spec["schedule"].split()
    assert rest == ["*", "*", "*"] and minute.isdigit()
    every = int(hours.removeprefix("*/"))
    assert 24 % every == 0 and every <= 8, "tokens last 12 hours; a run every 8 leaves 4 to repeat one in"
    assert spec["concurrencyPolicy"] == "Forbid"


def test_the_refresh_runs_without_rights_on_the_node_and_leaves_the_token_in_memory() -> None:
    pod = refresh_pod()
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["restartPolicy"] == "Never"
    for one in (*pod["initContainers"], *pod["containers"]):
        assert one["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                          "capabilities": {"drop": ["ALL"]}}
        assert re.search(r":v?\d+\.\d+\.\d+$", one["image"]), "pinned"
        assert {mount["name"] for mount in one["volumeMounts"]} == {"patch"}
    [volume] = pod["volumes"]
    assert volume["name"] == "patch" and volume["emptyDir"]["medium"] == "Memory"


@pytest.fixture
def patch(cloud: Cloud, tmp_path: Path) -> Path:
    """What the job's first container writes."""
    patch = tmp_path / "patch.json"
    done = refresh(cloud, patch)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return patch


def test_the_refresh_writes_a_patch_with_a_new_token_for_itself_alone(patch: Path) -> None:
    assert patch.stat().st_mode & 0o077 == 0, "nobody else may read the token"
    data = json.loads(patch.read_text())
    assert list(data) == ["data"]
    one = logins({"type": KIND} | data)["auths"][registry_of_refresh()]
    assert one["username"] == "AWS" and one["password"]


def test_a_refresh_that_gets_no_token_fails_and_writes_nothing(cloud: Cloud, tmp_path: Path) -> None:
    done = refresh(cloud, tmp_path / "patch.json", AWS_ENDPOINT_URL_ECR="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


@needs_kubectl
def test_kubectl_applies_that_patch_to_the_secret(patch: Path, tmp_path: Path) -> None:
    registry = registry_of_refresh()
    secret = tmp_path / "secret.json"
    stale = base64.b64encode(json.dumps({"auths": {registry: {"username": "AWS", "password": "old"}}}).encode())
    secret.write_text(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET},
                                  "type": KIND,
                                  "data": {".dockerconfigjson": stale.decode()}}))
    [container] = refresh_pod()["containers"]
    assert container["command"] == ["kubectl"]
    verb, kind, name, *options = container["args"]
    assert (verb, kind, name) == ("patch", "secret", SECRET)
    options = [f"--patch-file={patch}" if one.startswith("--patch-file=") else one for one in options]
    # Without a cluster the secret comes from a file.
    done = subprocess.run([str(KUBECTL), verb, "--local", f"--filename={secret}", "--output=json", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert logins(json.loads(done.stdout))["auths"][registry]["password"] != "old"
