"""Images as docker clients push and pull them."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from typing import Any, Callable

import pytest
from conftest import ACCOUNT, client, control
from own import answered
from test_images import INDEX, MANIFEST

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def sha256(data: bytes) -> str:
    """The digest of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def told(data: bytes, kind: str, **more: Any) -> dict[str, Any]:
    """A descriptor."""
    return {"mediaType": kind, "digest": sha256(data), "size": len(data)} | more


def password(registry: Any) -> str:
    """Of the token a client of ECR or ECR Public is given."""
    given = registry.get_authorization_token()["authorizationData"]
    one = given[0] if isinstance(given, list) else given
    user, _, secret = base64.b64decode(one["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    return secret


class Docker:
    """A client without the cleverness of one."""

    def __init__(self, url: str, name: str, secret: str) -> None:
        self.url, self.name = url, name
        self.login = "Basic " + base64.b64encode(f"AWS:{secret}".encode()).decode()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body; a path that begins with a slash is whole."""
        where = self.url + (path if path.startswith("/") else f"/v2/{self.name}/{path}")
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return answered(method, where, body, {"Authorization": self.login} | given)

    def blob(self, data: bytes) -> dict[str, Any]:
        """Uploads it at once."""
        assert self.ask("POST", f"blobs/uploads/?digest={sha256(data)}", data)[0] == 201
        return told(data, LAYER)

    def manifest(self, content: str, **more: Any) -> bytes:
        """An image with one layer, and the blobs of it uploaded."""
        config, layer = self.blob(b"{}"), self.blob(content.encode())
        return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config | {"mediaType": CONFIG},
                           "layers": [layer]} | more).encode()

    def put(self, reference: str, manifest: bytes, kind: str = MANIFEST) -> tuple[int, Any, bytes]:
        """Puts a manifest."""
        return self.ask("PUT", f"manifests/{reference}", manifest, Content_Type=kind)


@pytest.fixture
def docker(url: str, ecr: Any, repository: str) -> Docker:
    """Logged in, for a repository of the test's own."""
    return Docker(url, repository, password(ecr))


def problem(answer: tuple[int, Any, bytes]) -> tuple[int, str]:
    """Status and code of a refusal."""
    [error] = json.loads(answer[2])["errors"]
    assert error["message"]
    return answer[0], error["code"]


def test_only_who_has_a_token_is_let_in(docker: Docker) -> None:
    status, headers, body = docker.ask("GET", "/v2/")
    assert (status, body, headers["Docker-Distribution-API-Version"]) == (200, b"{}", "registry/2.0")
    forged = base64.urlsafe_b64encode(json.dumps({
        "service": "ecr", "account": ACCOUNT, "region": "us-east-1", "ends": time.time() - 1}).encode()).decode()
    logins = ["", "Bearer x", "Basic !", *("Basic " + base64.b64encode(one.encode()).decode() for one in (
        "AWS:wrong", f"AWS:{forged}", f"me:{base64.b64decode(docker.login[6:]).decode()[4:]}"))]
    for login in logins:
        for path in ("/v2/", f"/v2/{docker.name}/tags/list"):
            answer = docker.ask("GET", path, Authorization=login)
            assert problem(answer) == (401, "UNAUTHORIZED")
            assert answer[1]["WWW-Authenticate"].startswith('Basic realm="http')


def test_what_is_pushed_is_an_image_of_ecr(docker: Docker, ecr: Any) -> None:
    manifest = docker.manifest("layer")
    status, headers, _ = docker.put("v1", manifest)
    assert (status, headers["Docker-Content-Digest"]) == (201, sha256(manifest))
    assert docker.put("v1", manifest)[0] == 201
    assert docker.put("v2", manifest)[0] == 201
    [image] = ecr.describe_images(repositoryName=docker.name)["imageDetails"]
    assert (image["imageDigest"], sorted(image["imageTags"])) == (sha256(manifest), ["v1", "v2"])
    assert (image["imageManifestMediaType"], image["imageSizeInBytes"]) == (MANIFEST, len("layer") + len("{}"))
    [image] = ecr.batch_get_image(repositoryName=docker.name, imageIds=[{"imageTag": "v1"}])["images"]
    assert image["imageManifest"].encode() == manifest
    for reference in ("v1", sha256(manifest)):
        status, headers, body = docker.ask("GET", f"manifests/{reference}")
        assert (status, body, headers["Content-Type"]) == (200, manifest, MANIFEST)
        status, headers, body = docker.ask("HEAD", f"manifests/{reference}")
        assert (status, body, headers["Content-Length"]) == (200, b"", str(len(manifest)))
        assert headers["Docker-Content-Digest"] == sha256(manifest)
    ecr.batch_delete_image(repositoryName=docker.name, imageIds=[{"imageDigest": sha256(manifest)}])
    assert problem(docker.ask("GET", "manifests/v1")) == (404, "MANIFEST_UNKNOWN")


def test_layers_come_at_once_in_two_steps_or_in_chunks(docker: Docker) -> None:
    data = uuid.uuid4().bytes * 4
    assert docker.ask("HEAD", f"blobs/{sha256(data)}")[0] == 404
    assert problem(docker.ask("GET", f"blobs/{sha256(data)}")) == (404, "BLOB_UNKNOWN")
    for chunks in ([data], [data[:10], data[10:40], data[40:]], []):
        status, headers, _ = docker.ask("POST", "blobs/uploads/")
        place, sent = headers["Location"], 0
        assert (status, place.startswith(f"/v2/{docker.name}/blobs/uploads/")) == (202, True)
        for chunk in chunks:
            status, headers, _ = docker.ask("PATCH", place, chunk, Content_Range=f"{sent}-{sent + len(chunk) - 1}",
                                            Content_Type="application/octet-stream")
            sent += len(chunk)
            assert (status, headers["Range"]) == (202, f"0-{sent - 1}")
            assert docker.ask("GET", place)[1]["Range"] == f"0-{sent - 1}"
        status, headers, _ = docker.ask("PUT", f"{place}?digest={sha256(data)}", b"" if chunks else data)
        assert (status, headers["Docker-Content-Digest"]) == (201, sha256(data))
        assert problem(docker.ask("GET", place)) == (404, "BLOB_UPLOAD_UNKNOWN")
    status, headers, body = docker.ask("GET", f"blobs/{sha256(data)}")
    assert (status, body, headers["Content-Length"]) == (200, data, str(len(data)))
    status, headers, body = docker.ask("GET", f"blobs/{sha256(data)}", Range="bytes=10-19")
    assert (status, body) == (206, data[10:20])
    assert problem(docker.ask("GET", f"blobs/{sha256(data)}", Range="bytes=900-")) == (416, "UNSUPPORTED")


def test_a_layer_that_is_not_what_it_says_is_refused(docker: Docker) -> None:
    place = docker.ask("POST", "blobs/uploads/")[1]["Location"]
    docker.ask("PATCH", place, b"12345")
    for told_range in ("3-7", "5-20", "x"):
        assert problem(docker.ask("PATCH", place, b"67890", Content_Range=told_range)) == (416, "BLOB_UPLOAD_INVALID")
    assert problem(docker.ask("PUT", place)) == (400, "DIGEST_INVALID")
    assert problem(docker.ask("PUT", f"{place}?digest={sha256(b'other')}")) == (400, "DIGEST_INVALID")
    assert problem(docker.ask("POST", f"blobs/uploads/?digest={sha256(b'other')}", b"1")) == (400, "DIGEST_INVALID")
    place = docker.ask("POST", "blobs/uploads/")[1]["Location"]
    assert docker.ask("DELETE", place)[0] == 204
    assert problem(docker.ask("PATCH", place, b"1")) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert docker.ask("HEAD", f"blobs/{sha256(b'other')}")[0] == 404


def test_layers_are_mounted_where_the_account_allows_it(docker: Docker, ecr: Any) -> None:
    layer, source = docker.blob(b"shared"), docker.name
    target = Docker(docker.url, f"{docker.name}/copy", docker.login)
    target.login = docker.login
    ecr.create_repository(repositoryName=target.name)
    wish = f"blobs/uploads/?mount={layer['digest']}&from={source}"
    try:
        ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
        assert target.ask("POST", wish)[0] == 202
        ecr.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
        assert target.ask("POST", wish.replace(source, "none"))[0] == 202
        assert target.ask("POST", wish)[0] == 201
    finally:
        ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
    assert target.ask("GET", f"blobs/{layer['digest']}")[2] == b"shared"


@pytest.mark.parametrize("change, kind, wanted", [
    (lambda text: b"no json", MANIFEST, (400, "MANIFEST_INVALID")),
    (lambda text: b"[]", MANIFEST, (400, "MANIFEST_INVALID")),
    (lambda text: text, DOCKER, (400, "MANIFEST_INVALID")),
    (lambda text: text, "text/plain", (400, "MANIFEST_INVALID")),
    (lambda text: text.replace(b'"layers": [', b'"layers": [{"size": 1}, '), MANIFEST, (400, "MANIFEST_INVALID")),
    (lambda text: text.replace(sha256(b"{}").encode(), sha256(b"-").encode()), MANIFEST,
     (404, "MANIFEST_BLOB_UNKNOWN")),
    (lambda text: text.replace(sha256(b"x").encode(), sha256(b"-").encode()), MANIFEST,
     (404, "MANIFEST_BLOB_UNKNOWN")),
    (lambda text: text + b" " * 4_194_305, MANIFEST, (413, "SIZE_INVALID")),
])
def test_bad_manifests_are_refused(docker: Docker, ecr: Any, change: Callable[[bytes], bytes], kind: str,
                                   wanted: tuple[int, str]) -> None:
    assert problem(docker.put("v1", change(docker.manifest("x")), kind)) == wanted
    assert ecr.describe_images(repositoryName=docker.name)["imageDetails"] == []


def test_bad_names_tags_and_digests_are_refused(docker: Docker) -> None:
    manifest = docker.manifest("x")
    assert problem(docker.put("-v1", manifest)) == (400, "TAG_INVALID")
    assert problem(docker.put("v" * 129, manifest)) == (400, "TAG_INVALID")
    assert problem(docker.put(sha256(b"other"), manifest)) == (400, "DIGEST_INVALID")
    assert problem(docker.put("md5:0", manifest)) == (400, "DIGEST_INVALID")
    for path in ("manifests/v1", "tags/list", f"blobs/{sha256(b'x')}"):
        assert problem(docker.ask("GET", f"/v2/not/here/{path}")) == (404, "NAME_UNKNOWN")
        assert problem(docker.ask("GET", f"/v2/Not--/{path}")) == (400, "NAME_INVALID")
    assert problem(docker.ask("POST", "/v2/not/here/blobs/uploads/")) == (404, "NAME_UNKNOWN")
    assert problem(docker.ask("DELETE", "manifests/v1")) == (405, "UNSUPPORTED")
    assert problem(docker.ask("GET", "/v2/_catalog")) == (405, "UNSUPPORTED")


def test_immutable_tags_stay_where_they_are(docker: Docker, ecr: Any) -> None:
    first, second = docker.manifest("first"), docker.manifest("second")
    assert docker.put("v1", first)[0] == 201
    ecr.put_image_tag_mutability(repositoryName=docker.name, imageTagMutability="IMMUTABLE")
    answer = docker.put("v1", second)
    assert problem(answer) == (400, "TAG_INVALID") and b"immutable" in answer[2]
    assert docker.ask("GET", "manifests/v1")[2] == first
    assert docker.put("v1", first)[0] == 201
    ecr.put_image_tag_mutability(repositoryName=docker.name, imageTagMutability="MUTABLE")
    assert docker.put("v1", second)[0] == 201
    assert docker.ask("GET", "manifests/v1")[2] == second
    assert docker.ask("GET", f"manifests/{sha256(first)}")[2] == first


def test_lists_need_their_children_and_signatures_are_found_by_their_subject(docker: Docker) -> None:
    child = docker.manifest("child")
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        told(child, MANIFEST, platform={"os": "linux", "architecture": "amd64"})]}).encode()
    assert problem(docker.put("latest", index, INDEX)) == (404, "MANIFEST_BLOB_UNKNOWN")
    assert docker.put(sha256(child), child)[0] == 201
    assert docker.put("latest", index, INDEX)[0] == 201
    assert docker.ask("GET", "manifests/latest")[1]["Content-Type"] == INDEX
    signature = docker.manifest("signature", artifactType="application/x-signature", subject=told(index, INDEX))
    assert docker.put(sha256(signature), signature)[1]["OCI-Subject"] == sha256(index)

    def referrers(query: str = "") -> list[tuple[str, str]]:
        listed = json.loads(docker.ask("GET", f"referrers/{sha256(index)}{query}")[2])["manifests"]
        return [(one["digest"], one["artifactType"]) for one in listed]

    assert referrers() == [(sha256(signature), "application/x-signature")]
    assert referrers("?artifactType=application/x-signature") == referrers()
    assert referrers("?artifactType=other") == []


def test_tags_come_in_pages(docker: Docker) -> None:
    manifest = docker.manifest("x")
    for tag in ("c", "a", "b", "d", "e"):
        docker.put(tag, manifest)
    path, seen = f"/v2/{docker.name}/tags/list?n=2", []
    while path:
        _, headers, body = docker.ask("GET", path)
        shown = json.loads(body)
        assert shown["name"] == docker.name and len(shown["tags"]) <= 2
        seen += shown["tags"]
        path = headers.get("Link", "").partition(">")[0].lstrip("<")
    assert seen == ["a", "b", "c", "d", "e"]
    assert json.loads(docker.ask("GET", "tags/list")[2])["tags"] == seen


def test_the_token_says_which_registry(url: str, docker: Docker, ecr: Any) -> None:
    elsewhere = client(url, "ecr", "eu-west-3")
    elsewhere.create_repository(repositoryName="only/there")
    there = Docker(url, "only/there", password(elsewhere))
    assert there.put("v1", there.manifest("x"))[0] == 201
    assert elsewhere.list_images(repositoryName="only/there")["imageIds"][0]["imageTag"] == "v1"
    assert problem(Docker(url, "only/there", password(ecr)).ask("GET", "manifests/v1")) == (404, "NAME_UNKNOWN")
    [foreign] = ecr.get_authorization_token(registryIds=["111122223333"])["authorizationData"]
    assert foreign["proxyEndpoint"].startswith("https://111122223333.")
    secret = base64.b64decode(foreign["authorizationToken"]).decode().partition(":")[2]
    assert problem(Docker(url, docker.name, secret).ask("GET", "tags/list")) == (404, "NAME_UNKNOWN")
    public = client(url, "ecr-public")
    uri = public.create_repository(repositoryName="only/public")["repository"]["repositoryUri"]
    shop = Docker(url, uri.removeprefix("public.ecr.aws/"), password(public))
    assert shop.put("v1", shop.manifest("x"))[0] == 201
    assert public.describe_image_tags(repositoryName="only/public")["imageTagDetails"][0]["imageTag"] == "v1"
    assert json.loads(shop.ask("GET", "tags/list")[2])["name"] == shop.name
    shop.name = "only/public"
    assert problem(shop.ask("GET", "manifests/v1")) == (404, "NAME_UNKNOWN")
    public.delete_repository(repositoryName="only/public", force=True)


def test_pushes_are_counted_throttled_and_failed(url: str, docker: Docker) -> None:
    manifest = docker.manifest("x")
    control("DELETE", url, "calls")
    control("POST", url, "faults", {"operation": "PutManifest", "error": "ServerException", "repository": docker.name})
    try:
        assert problem(docker.put("v1", manifest)) == (500, "UNKNOWN")
        assert docker.put("v1", manifest)[0] == 201
        control("PUT", url, "limits", {"service": "distribution", "calls_per_second": 0.001, "burst": 1})
        docker.ask("GET", "/v2/")
        assert problem(docker.ask("GET", "/v2/")) == (429, "TOOMANYREQUESTS")
        assert control("GET", url, "calls")["distribution"] == {"Ping": 2, "PutManifest": 2}
        assert control("GET", url, "succeeded?service=distribution") == {"Ping": {"": 1},
                                                                         "PutManifest": {docker.name: 1}}
    finally:
        control("DELETE", url, "limits")
        control("DELETE", url, "faults")
