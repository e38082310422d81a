"""A real image the whole way: built, tagged, pushed and pulled by the commands the fleet returns, scanned in between."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Iterator

import pytest
from cloud import Cloud
from clusters import KIND, logins, refresh
from forwarding import Forwarding
from machine import Machine
from samples import TOOLS, Microservices, asked, typed
from scanned import Image

HERE = Path(__file__).parent
SERVICE = "customer-service"
pytestmark = pytest.mark.skipif(
    shutil.which("skopeo") is None, reason="no skopeo here (Debian: apt-get install skopeo); no image was pushed")


def image_layout(folder: Path) -> str:
    """A tiny image in OCI's layout; the digest of its manifest."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(data: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        content = b"spring.application.name=customer-service\n"
        entry = tarfile.TarInfo("app/application.properties")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar.getvalue()).hexdigest()}"]}}
    manifest = blob(json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "config.v1+json"),
        "layers": [blob(gzip.compress(tar.getvalue(), mtime=0), "layer.v1.tar+gzip")]}).encode(), "manifest.v1+json")
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    return manifest["digest"]


class Workshop:
    """A folder with an image to build, and the fleet's commands run in it."""

    def __init__(self, fleet: Microservices, folder: Path) -> None:
        self._fleet, self.folder = fleet, folder
        self.digest = image_layout(folder / "image")
        self.commands = json.loads(fleet.outputs["DockerCommands"])[SERVICE]
        self.address = json.loads(fleet.outputs["RepositoryUrls"])[SERVICE]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command line, as it stands."""
        path = os.pathsep.join((str(HERE), str(TOOLS), os.environ["PATH"]))
        return typed(self._fleet.cloud, f"cd '{self.folder}' && {command}", PATH=path, IMAGES=str(self.folder),
                     TMPDIR=str(self.folder))

    def do(self, *commands: str) -> None:
        """Those that must succeed."""
        for command in commands:
            done = self.run(command)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture
def workshop(microservices: Microservices, tmp_path: Path) -> Iterator[Workshop]:
    """With nothing in the service's repository, before or after."""
    microservices.cloud.empty(microservices.name(SERVICE))
    yield Workshop(microservices, tmp_path)
    microservices.cloud.empty(microservices.name(SERVICE))


@pytest.fixture
def findings(cloud: Cloud) -> Iterator[Forwarding]:
    """The findings function, which looks at once."""
    machine = Machine(cloud, "Findings")
    machine.gather(1)
    cloud.control("PUT", "hub", {"enabled": True})
    yield Forwarding(cloud, cloud.provider["FindingsQueueUrl"], cloud.provider["FindingsDeadLetterQueueUrl"])
    cloud.control("DELETE", "hub")
    machine.restore()


def test_login_build_tag_push_and_pull_by_the_fleets_own_commands(
        workshop: Workshop, microservices: Microservices, cloud: Cloud) -> None:
    workshop.do(microservices.outputs["DockerLoginCommand"], workshop.commands["build"], workshop.commands["tag"],
                workshop.commands["push"])
    shown = asked(cloud, f"aws ecr describe-images --repository-name {microservices.name(SERVICE)}")
    [image] = json.loads(shown.stdout)["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (workshop.digest, ["latest"])

    workshop.do(f"docker pull {workshop.address}:latest")
    [pulled] = workshop.folder.glob("*-pulled")
    [manifest] = json.loads((pulled / "index.json").read_text())["manifests"]
    assert manifest["digest"] == workshop.digest
    for blob in (workshop.folder / "image" / "blobs" / "sha256").iterdir():
        assert (pulled / "blobs" / "sha256" / blob.name).read_bytes() == blob.read_bytes()


def test_a_push_without_a_login_or_to_another_name_is_denied(
        workshop: Workshop, microservices: Microservices, cloud: Cloud) -> None:
    workshop.do(workshop.commands["build"], workshop.commands["tag"])
    denied = workshop.run(workshop.commands["push"])
    assert denied.returncode != 0 and "auth" in denied.stderr.lower()
    elsewhere = workshop.address.replace(SERVICE, "nobodys-service")
    workshop.do(microservices.outputs["DockerLoginCommand"], f"docker tag {SERVICE}:latest {elsewhere}:latest")
    unknown = workshop.run(f"docker push {elsewhere}:latest")
    assert unknown.returncode != 0
    assert cloud.registry(microservices.name("nobodys-service")) == {}
    assert cloud.registry(microservices.name(SERVICE))[microservices.name(SERVICE)]["images"] == {}


def test_the_refreshed_pull_secret_lets_a_node_pull(
        workshop: Workshop, microservices: Microservices, cloud: Cloud, tmp_path: Path) -> None:
    workshop.do(microservices.outputs["DockerLoginCommand"], workshop.commands["build"], workshop.commands["tag"],
                workshop.commands["push"])
    patch, registry = tmp_path / "patch.json", cloud.variables["ECR_STEWARD_LOCAL_REGISTRY"]
    done = refresh(cloud, patch, REGISTRY=registry)
    assert done.returncode == 0, done.stderr
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(logins({"type": KIND} | json.loads(patch.read_text()))))
    node = f"skopeo --insecure-policy inspect --tls-verify=false --authfile={secret}"
    seen = workshop.run(f"{node} docker://{registry}/{microservices.name(SERVICE)}:latest")
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout)["Digest"] == workshop.digest


def test_what_a_scan_finds_in_a_pushed_image_reaches_security_hub(
        workshop: Workshop, microservices: Microservices, findings: Forwarding, cloud: Cloud) -> None:
    workshop.do(microservices.outputs["DockerLoginCommand"], workshop.commands["build"], workshop.commands["tag"],
                workshop.commands["push"])
    image = Image(cloud, "latest", microservices.name(SERVICE), workshop.digest)
    image.scan(generate={"count": 5, "seed": 21})
    findings.put(image.event("ecr-image-push"), image.event("ecr-image-scan-complete"))
    findings.settle()
    try:
        assert findings.active(image) == image.keys()
        assert len(image.keys()) == 5
        assert {one["change"] for one in findings.archive(image)} == {"new"}
        assert findings.letters() == []
    finally:
        image.forget()
