"""What the findings function reads and writes, from outside: its queues, Security Hub, the archive, its records.

Every reader asks the service itself. Nothing here knows what a test expects.
"""

from __future__ import annotations

import gzip
import json
from typing import Any, Iterable

from botocore.exceptions import ClientError
from cloud import EVERY, Cloud, until
from feed import Feed
from scanned import Image, Key

POLICY = "declarations/findings-policy.json"
Finding = dict[str, Any]


class Forwarding(Feed):
    """One findings function, by its two queues and its state bucket."""

    def __init__(self, cloud: Cloud, queue_url: str, dead_letter_url: str) -> None:
        super().__init__(cloud, queue_url, dead_letter_url)
        self._s3 = cloud.client("s3")

    # ---- what it is told to do ----

    def declare(self, *routes: dict[str, Any], **more: Any) -> None:
        """A findings policy, as the custom resource leaves it behind. Processes keep the one before for a minute."""
        document = {"version": 1, "properties": {"Routes": list(routes)} | more}
        self.write_policy(json.dumps(document))

    def write_policy(self, text: str) -> None:
        """Whatever shall stand there."""
        self._s3.put_object(Bucket=self.cloud.bucket, Key=POLICY, Body=text.encode())

    def forget_policy(self) -> bool:
        """The default is in force again; was another?"""
        was = bool(self.cloud.keys(POLICY))
        self._s3.delete_object(Bucket=self.cloud.bucket, Key=POLICY)
        return was

    # ---- what comes out ----

    def hub(self, image: Image) -> dict[str, Finding]:
        """Security Hub's findings of an image, by id."""
        findings = self.cloud.control("GET", "hub")["findings"]
        return {identity: one for identity, one in findings.items() if one["Resources"][0]["Id"] == image.uid}

    def active(self, image: Image) -> set[Key]:
        """Of them, those that are active."""
        return {hub_key(one) for one in self.hub(image).values() if one["RecordState"] == "ACTIVE"}

    def archived(self, image: Image) -> set[Key]:
        """And those that are archived."""
        return {hub_key(one) for one in self.hub(image).values() if one["RecordState"] == "ARCHIVED"}

    def archive_keys(self, image: Image) -> list[str]:
        """The objects of the archive about an image."""
        part = f"/repository={image.repository.replace('/', '%2F')}/{image.digest[7:19]}-"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.cloud.bucket, Prefix="findings/archive/")
        return [one["Key"] for page in pages for one in page.get("Contents", []) if part in one["Key"]]

    def archive(self, image: Image, *kinds: str) -> list[dict[str, Any]]:
        """Its lines, of these kinds of change or of all."""
        bodies = [self._s3.get_object(Bucket=self.cloud.bucket, Key=key)["Body"].read()
                  for key in self.archive_keys(image)]
        lines = [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]
        return [line for line in lines if not kinds or line["change"] in kinds]

    def record(self, image: Image) -> dict[str, Any] | None:
        """What is remembered of an image."""
        try:
            body = self._s3.get_object(Bucket=self.cloud.bucket, Key=image.state_key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return json.loads(gzip.decompress(body))

    def record_writes(self, image: Image) -> int:
        """How often that was written."""
        listed = self._s3.list_object_versions(Bucket=self.cloud.bucket, Prefix=image.state_key)
        return len(listed.get("Versions", []))

    # ---- what was called ----

    def counting(self) -> None:
        """From here on."""
        self.cloud.control("DELETE", "calls")

    def calls(self, service: str, operation: str) -> list[dict[str, int]]:
        """Items, bytes and status of each call that was answered."""
        return self.cloud.control("GET", "sizes").get(service, {}).get(operation, [])

    def imports(self) -> list[int]:
        """Findings in each call of BatchImportFindings that was let in."""
        return [one["items"] for one in self.calls("securityhub", "BatchImportFindings") if one["status"] == 200]

    def pages(self) -> int:
        """Pages of findings read."""
        return len(self.calls("ecr", "DescribeImageScanFindings"))

    def await_import(self) -> None:
        """Until a call of BatchImportFindings has come."""
        calls = lambda: self.cloud.control("GET", "calls").get("securityhub", {})
        until(lambda: calls().get("BatchImportFindings"), "a call of Security Hub", 60, EVERY)


def hub_key(one: Finding) -> Key:
    """What makes it one."""
    vulnerability = one["Vulnerabilities"][0]
    package = (vulnerability.get("VulnerablePackages") or [{}])[0]
    return vulnerability["Id"], package.get("Name", ""), package.get("Version", "")


def key_of(line: dict[str, Any]) -> Key:
    """The same of a line of the archive, or of a change on the bus."""
    return line["vulnerability"], line.get("package", ""), line.get("version", "")


def changes(details: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """All changes that events of the bus tell of."""
    return [change for detail in details for change in detail["changes"]]
