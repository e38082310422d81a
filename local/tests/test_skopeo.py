"""A real client pushes to the local registry and pulls from it, without a network."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import uuid
from pathlib import Path

import pytest
from conftest import client
from test_distribution import CONFIG, LAYER, password, sha256, told
from test_images import INDEX, MANIFEST


def layout(place: Path, name: str) -> str:
    """An OCI image layout with an image of one file, made from scratch; its digest."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as packed:
        content = uuid.uuid4().hex.encode()
        entry = tarfile.TarInfo("hello")
        entry.size = len(content)
        packed.addfile(entry, io.BytesIO(content))
    layer = gzip.compress(tar.getvalue(), mtime=0)
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/hello"]},
                         "rootfs": {"type": "layers", "diff_ids": [sha256(tar.getvalue())]}}).encode()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": told(config, CONFIG),
                           "layers": [told(layer, LAYER)]}).encode()
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        told(manifest, MANIFEST, platform={"os": "linux", "architecture": "amd64"})]}).encode()
    listed = json.dumps({"schemaVersion": 2, "manifests": [
        told(manifest, MANIFEST, annotations={"org.opencontainers.image.ref.name": name}),
        told(index, INDEX, annotations={"org.opencontainers.image.ref.name": f"{name}-list"})]}).encode()
    for path, data in [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", listed),
                       *((f"blobs/sha256/{sha256(one)[7:]}", one) for one in (layer, config, manifest, index))]:
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return sha256(manifest)


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed; apt-get install skopeo")
@pytest.mark.parametrize("service", ["ecr", "ecr-public"])
def test_skopeo_pushes_and_pulls(url: str, service: str, tmp_path: Path) -> None:
    registry, name = client(url, service), f"skopeo/{uuid.uuid4().hex}"
    uri = registry.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    # As `docker tag` would have it: the local address in place of the host.
    remote = f"docker://{url.removeprefix('http://')}/{uri.partition('/')[2]}"
    digest, login = layout(tmp_path / "mine", "v1"), f"AWS:{password(registry)}"

    def skopeo(*arguments: str) -> bytes:
        done = subprocess.run(["skopeo", "--insecure-policy", *arguments], capture_output=True, timeout=120,
                              env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)})
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    skopeo("copy", "--dest-tls-verify=false", f"--dest-creds={login}", f"oci:{tmp_path}/mine:v1", f"{remote}:v1")
    [image] = registry.describe_images(repositoryName=name)["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["v1"])
    skopeo("copy", "--all", "--dest-tls-verify=false", f"--dest-creds={login}", f"oci:{tmp_path}/mine:v1-list",
           f"{remote}:list")
    for tag in ("v1", "list"):
        skopeo("copy", "--all", "--src-tls-verify=false", f"--src-creds={login}", f"{remote}:{tag}",
               f"oci:{tmp_path}/back:{tag}")
    back = {path.name for path in (tmp_path / "back/blobs/sha256").iterdir()}
    assert back == {path.name for path in (tmp_path / "mine/blobs/sha256").iterdir()}
    for file in (tmp_path / "back/blobs/sha256").iterdir():
        assert sha256(file.read_bytes()) == f"sha256:{file.name}"
    inspected = json.loads(skopeo("inspect", "--tls-verify=false", f"--creds={login}", f"{remote}:v1"))
    assert (inspected["Digest"], sorted(inspected["RepoTags"])) == (digest, ["list", "v1"])
