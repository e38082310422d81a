"""ECR basic scans, page by page as DescribeImageScanFindings gives them."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ..process import ACCOUNT, REGION
from ..wire import Answer, Request, json_answer

REPOSITORY = "bench/service"
REPOSITORY_ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{REPOSITORY}"
# Of the service's model: the default and the most of `maxResults`.
PAGE, LARGEST_PAGE = 100, 1000
DESCRIPTION = 380
# The same in every answer: an image that was pushed at another time would be a changed one.
PUSHED_AT = int(time.time()) - 86400
NAMES = ("openssl glibc zlib curl systemd perl python3.11 krb5 libxml2 sqlite3 expat gnutls28 pcre2 util-linux bash "
         "tar gzip coreutils shadow pam dpkg apt libgcrypt20 gnupg2 libtasn1-6 nettle p11-kit lz4 xz-utils bzip2 "
         "libzstd ncurses readline6 libidn2 libunistring libssh2 nghttp2 openldap cyrus-sasl2 db5.3 e2fsprogs").split()
PACKAGES = [(name, f"{at % 7}.{at % 11}.{at}-{at % 5}+deb12u{at % 3}") for at, name in enumerate(NAMES)]
# Every second finding is one of the two that the usual forwarder takes.
GRAVE = ("CRITICAL", "HIGH")
OTHERS = ("MEDIUM", "LOW", "MEDIUM", "INFORMATIONAL", "UNDEFINED")
FILLER = ("A remote attacker who can make the program read prepared input may cause it to use memory after it was "
          "freed, which ends the process or, where the allocator's state is known, runs code with its rights. "
          "Configurations that do not parse input of others are not concerned. The distribution rates the flaw by its "
          "own measure, and an update is being prepared for all releases that still receive them. ")


class Key(NamedTuple):
    """What makes a finding one of its own within an image."""

    vulnerability: str
    package: str
    version: str


@dataclass(frozen=True)
class Found:
    """One finding of a scan."""

    key: Key
    severity: str
    text: bytes


@lru_cache(maxsize=None)
def found(number: int, revision: int) -> Found:
    """The finding of this number, as the scanner knows it in this revision."""
    package, version = PACKAGES[number % len(PACKAGES)]
    # One vulnerability in ten is in two packages.
    name = f"CVE-2026-{10000 + number - (number % 11 == 10)}"
    half = number // 2
    severity = OTHERS[half % len(OTHERS)] if number % 2 else GRAVE[half % 2]
    rating = f"{(number % 60 + 35) / 10 + revision * 0.1:.1f}"
    text = f"{package} {version}, flaw {number}, analysis {revision}: {FILLER}"[:DESCRIPTION]
    attributes = {"package_version": version, "package_name": package, "CVSS3_SCORE": rating,
                  "CVSS3_VECTOR": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}
    finding = {"name": name, "description": text, "uri": f"https://security-tracker.debian.org/tracker/{name}",
               "severity": severity, "attributes": [{"key": key, "value": value} for key, value in attributes.items()]}
    return Found(Key(name, package, version), severity, json.dumps(finding, separators=(",", ":")).encode())


class Scan:
    """What a scan of an image found: the first `count` findings there are, so many of them changed since the first
    scan. `number` says which scan of the image it is; each ended a minute after the one before."""

    def __init__(self, image: str, count: int, changed: int = 0, number: int = 0):
        self.digest = f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"
        self.tags = [image]
        self.completed_at = PUSHED_AT + 3600 + number * 60
        # Spread evenly, so that every page has some.
        revisions = [int(at * changed // count != (at + 1) * changed // count) for at in range(count)]
        self.findings = [found(at, revision) for at, revision in enumerate(revisions)]
        self.changed = {one.key for one, revision in zip(self.findings, revisions) if revision}
        self.counts = dict(Counter(one.severity for one in self.findings))
        self._pages: dict[tuple[int, int], bytes] = {}
        # What will be asked for is there before the clock runs.
        for start in range(0, max(count, 1), LARGEST_PAGE):
            self.page(start, LARGEST_PAGE)

    def keys(self, severities: tuple[str, ...] = ()) -> set[Key]:
        """Which findings there are; of these severities only, where any are given."""
        return {one.key for one in self.findings if not severities or one.severity in severities}

    def page(self, start: int, size: int) -> bytes:
        """The body of one answer."""
        made = self._pages.get((start, size))
        if made is None:
            made = self._pages[start, size] = self._page(start, size)
        return made

    def _page(self, start: int, size: int) -> bytes:
        ends = start + size
        # Apart from the findings, whose texts there are already.
        head = {"registryId": ACCOUNT, "repositoryName": REPOSITORY, "imageId": {"imageDigest": self.digest},
                "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."}}
        if ends < len(self.findings):
            head["nextToken"] = str(ends)
        rest = {"imageScanCompletedAt": self.completed_at, "vulnerabilitySourceUpdatedAt": self.completed_at - 3600,
                "findingSeverityCounts": self.counts}
        return b'%s,"imageScanFindings":%s,"findings":[%s]}}' % (
            json.dumps(head).encode()[:-1], json.dumps(rest).encode()[:-1],
            b",".join(one.text for one in self.findings[start:ends]))


class Scans:
    """An ECR whose repository has the images it was shown."""

    def __init__(self) -> None:
        self._scans: dict[str, Scan] = {}

    def show(self, scan: Scan) -> None:
        """From now on this is the scan of its image."""
        self._scans = {scan.digest: scan}

    def answer(self, operation: str, request: Request) -> Answer:
        """Whatever may be asked about an image."""
        asked = json.loads(request.body or b"{}")
        images = [asked["imageId"]] if "imageId" in asked else asked.get("imageIds", [])
        scans = [scan for scan in map(self._scan, images) if scan] if images else list(self._scans.values())
        if operation == "DescribeImageScanFindings":
            return page(asked, scans[0]) if scans else refusal("ImageNotFoundException", "There is no such image.")
        if operation == "DescribeImages":
            return json_answer({"imageDetails": [detail(scan) for scan in scans]})
        if operation == "BatchGetImage":
            return json_answer({"images": [manifest(scan) for scan in scans], "failures": []})
        if operation == "DescribeRepositories":
            return json_answer({"repositories": [{"repositoryName": REPOSITORY, "repositoryArn": REPOSITORY_ARN,
                                                  "registryId": ACCOUNT}]})
        if operation == "ListTagsForResource":
            return json_answer({"tags": []})
        return refusal("UnsupportedOperationException", f"The benchmark has no {operation}.")

    def _scan(self, identifier: dict[str, str]) -> Scan | None:
        digest, tag = identifier.get("imageDigest"), identifier.get("imageTag")
        matching = (one for one in self._scans.values() if digest == one.digest or (not digest and tag in one.tags))
        return next(matching, None)


def page(asked: dict, scan: Scan) -> Answer:
    """One page, as large as was asked for."""
    size = asked.get("maxResults", PAGE)
    if not 1 <= size <= LARGEST_PAGE:
        return refusal("InvalidParameterException", f"maxResults is 1 to {LARGEST_PAGE}, not {size}.")
    body = scan.page(int(asked.get("nextToken") or 0), size)
    return Answer(200, body, (("Content-Type", "application/x-amz-json-1.1"),))


def detail(scan: Scan) -> dict:
    """An image as DescribeImages tells it."""
    return {"registryId": ACCOUNT, "repositoryName": REPOSITORY, "imageDigest": scan.digest, "imageTags": scan.tags,
            "imageSizeInBytes": 50_000_000, "imagePushedAt": PUSHED_AT,
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"}


def manifest(scan: Scan) -> dict:
    """An image as BatchGetImage gives it."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": scan.digest, "size": 1}
    text = {"schemaVersion": 2, "mediaType": kind, "layers": [layer],
            "config": {**layer, "mediaType": "application/vnd.oci.image.config.v1+json"}}
    return {"registryId": ACCOUNT, "repositoryName": REPOSITORY, "imageId": {"imageDigest": scan.digest},
            "imageManifest": json.dumps(text), "imageManifestMediaType": kind}


def refusal(code: str, message: str) -> Answer:
    """An error as the JSON services tell it."""
    return Answer(400, json.dumps({"__type": code, "message": message}).encode(),
                  (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)))
