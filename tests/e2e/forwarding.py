"""What the findings function reads and writes, from outside: its queues, Security Hub, the archive, its records.

Every reader asks the service itself. Nothing here knows what a test expects.
"""

from __future__ import annotations

import datetime
import gzip
import json
from typing import Any, Iterable

from botocore.exceptions import ClientError
from captured import taken
from cloud import EVERY, Cloud, until
from scanned import Event, Image, Key

POLICY = "declarations/findings-policy.json"
Finding = dict[str, Any]


class Forwarding:
    """One findings function, by its two queues and its state bucket."""

    def __init__(self, cloud: Cloud, queue_url: str, dead_letter_url: str) -> None:
        self.cloud, self.queue_url, self.dead_letter_url = cloud, queue_url, dead_letter_url
        self._s3, self._sqs = cloud.client("s3"), cloud.client("sqs")

    # ---- what comes in ----

    def put(self, *events: Event) -> None:
        """As the service itself puts them on the account's bus."""
        entries = [{"Source": one["source"], "DetailType": one["detail-type"], "Detail": json.dumps(one["detail"]),
                    "Resources": one["resources"], "Time": datetime.datetime.fromisoformat(one["time"])}
                   for one in events]
        for at in range(0, len(entries), 10):
            answer = self.cloud.client("events").put_events(Entries=entries[at:at + 10])
            assert answer["FailedEntryCount"] == 0, answer

    def send(self, *bodies: Any) -> None:
        """Past EventBridge into the queue, all at once. A text goes as it is."""
        entries = [{"Id": str(number), "MessageBody": body if isinstance(body, str) else json.dumps(body)}
                   for number, body in enumerate(bodies)]
        assert not self._sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries).get("Failed")

    def waiting(self) -> int:
        """Messages in the queue, those at work and those delayed too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def settle(self, seconds: float = 90) -> None:
        """Until all that came is done. A job is there before the message that led to it is gone."""
        until(lambda: self.waiting() == 0, "the end of all messages", seconds, 0.1)

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

    def letters(self) -> list[dict[str, Any]]:
        """The dead letters; they are gone after this."""
        return [json.loads(body) for body in taken(self._sqs, self.dead_letter_url)]

    def wait_for_letters(self, count: int, seconds: float = 60) -> list[dict[str, Any]]:
        """So many of them."""
        found: list[dict[str, Any]] = []
        until(lambda: found.extend(self.letters()) or len(found) >= count, f"{count} dead letters", seconds)
        return found

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
