"""Images with scans, and the events that tell of them. What a scan found is what a test says, read as ECR shows it."""

from __future__ import annotations

import json
import re
import time
import uuid
from pathlib import Path
from typing import Any

from cloud import Cloud

EVENTS = Path(__file__).resolve().parents[2] / "events"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
Event = dict[str, Any]
# What makes a finding of an image one: vulnerability, package, version.
Key = tuple[str, str, str]


class Image:
    """One image in a repository of its own, or of another image's."""

    def __init__(self, cloud: Cloud, tag: str = "v1", repository: str = "", digest: str = "") -> None:
        self._cloud, self._ecr = cloud, cloud.client("ecr")
        self.tag = tag
        self.repository = repository or f"findings/{uuid.uuid4().hex[:8]}"
        if not repository:
            self.arn = self._ecr.create_repository(repositoryName=self.repository)["repository"]["repositoryArn"]
        else:
            self.arn = self._ecr.describe_repositories(
                repositoryNames=[repository])["repositories"][0]["repositoryArn"]
        # Given where somebody else pushed it.
        self.digest = digest or cloud.push_image(self.repository, tag)

    @property
    def place(self) -> dict[str, str]:
        """The registry, as jobs name it."""
        _, partition, _, region, account, _ = self.arn.split(":", 5)
        return {"partition": partition, "account": account, "region": region}

    @property
    def uid(self) -> str:
        """The image in the ARNs of Security Hub."""
        return f"{self.arn}/{self.digest}"

    @property
    def state_key(self) -> str:
        """Where its record lies in the state bucket."""
        place = self.place
        hexadecimal = self.digest.removeprefix("sha256:")
        return f"findings/images/{place['account']}/{place['region']}/{self.repository}/{hexadecimal}.json.gz"

    # ---- its scan ----

    def scan(self, status: str = "COMPLETE", **wish: Any) -> None:
        """What a scan found, which ends now."""
        self._cloud.control("PUT", "scans", {
            "repositoryName": self.repository, "imageDigest": self.digest, "status": status} | wish)

    def found(self) -> list[dict[str, Any]]:
        """Everything that ECR shows of it."""
        pages = self._ecr.get_paginator("describe_image_scan_findings").paginate(
            repositoryName=self.repository, imageId={"imageDigest": self.digest}, PaginationConfig={"PageSize": 1000})
        shown = [page["imageScanFindings"] for page in pages]
        return [one for page in shown for one in (*page.get("findings", []), *page.get("enhancedFindings", []))]

    def keys(self) -> set[Key]:
        """All that was found. Of enhanced findings, one for each package."""
        return {key for one in self.found() for key in keys_of(one)}

    def pushed(self, moment: float) -> None:
        """It was pushed then."""
        self._cloud.control("POST", "images", {
            "repositoryName": self.repository, "imageDigest": self.digest, "imagePushedAt": moment})

    def delete(self) -> None:
        """It is gone."""
        self._ecr.batch_delete_image(repositoryName=self.repository, imageIds=[{"imageDigest": self.digest}])

    def delete_repository(self) -> None:
        """With all that is in it."""
        self._ecr.delete_repository(repositoryName=self.repository, force=True)

    def end(self) -> None:
        """Leaves nothing behind, not even what is remembered of it."""
        try:
            self.delete_repository()
        except self._ecr.exceptions.RepositoryNotFoundException:
            pass
        self.forget()

    def forget(self) -> None:
        """Nothing is remembered of it."""
        s3 = self._cloud.client("s3")
        for key in self._cloud.keys(self.state_key.rpartition("/")[0] + "/"):
            s3.delete_object(Bucket=self._cloud.bucket, Key=key)

    # ---- what is told of it ----

    def event(self, name: str, when: float | None = None) -> Event:
        """One of `events/`, about this image and from now."""
        text = (EVENTS / f"{name}.json").read_text()
        text = DIGEST.sub(self.digest, text).replace("my-project-dev-customer-service", self.repository)
        event = json.loads(text.replace("v1.4.2", self.tag))
        return event | {"id": str(uuid.uuid4()), "time": moment(time.time() if when is None else when)}

    def job(self, **more: Any) -> Event:
        """A job to look at it, as the function and the command line write them."""
        image = {"place": self.place, "repository": self.repository, "digest": self.digest}
        return {"job": "image", "version": 1, "image": image, "cause": "scan"} | more


def keys_of(one: dict[str, Any]) -> list[Key]:
    """What one finding of ECR comes to."""
    if "packageVulnerabilityDetails" in one:
        details = one["packageVulnerabilityDetails"]
        return [(details["vulnerabilityId"], package["name"], package["version"])
                for package in details["vulnerablePackages"]]
    attributes = {pair["key"]: pair["value"] for pair in one["attributes"]}
    return [(one["name"], attributes["package_name"], attributes["package_version"])]


def moment(seconds: float) -> str:
    """As EventBridge writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def scheduled() -> Event:
    """What the schedule sends."""
    event = json.loads((EVENTS / "scheduled.json").read_text())
    return event | {"id": str(uuid.uuid4()), "time": moment(time.time())}
