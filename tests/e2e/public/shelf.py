"""What the public gallery holds of one project, by ECR Public's own API."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Iterator

from cloud import WRITE_VERBS, Cloud, parsed
from stacks import Lab

TYPE = "Custom::EcrPublicRepositories"


class Shelf:
    """Repositories whose names begin with the project and a slash."""

    def __init__(self, lab: Lab, cloud: Cloud) -> None:
        self.lab = lab
        self.cloud = cloud
        self.api = cloud.client("ecr-public")

    def name(self, short: str) -> str:
        """The whole name of a repository."""
        return f"{self.lab.project}/{short}"

    def fleet(self, *shorts: str, **more: Any) -> dict[str, Any]:
        """A public fleet as a resource; None leaves a property out."""
        usual = {"ServiceToken": self.cloud.service_token, "ServiceTimeout": 120,
                 "RepositoryNames": [self.name(short) for short in shorts]} | more
        return {"Type": TYPE, "Properties": {key: value for key, value in usual.items() if value is not None}}

    def all(self) -> dict[str, dict[str, Any]]:
        """Everything that stands there, by short name; equal dumps mean nothing changed."""
        pages = self.api.get_paginator("describe_repositories").paginate()
        start = self.name("")
        return {one["repositoryName"].removeprefix(start): self.dump(one)
                for page in pages for one in page["repositories"] if one["repositoryName"].startswith(start)}

    def dump(self, described: dict[str, Any]) -> dict[str, Any]:
        """One repository; what is empty and what was never set look alike."""
        name, api = described["repositoryName"], self.api
        tags = api.list_tags_for_resource(resourceArn=described["repositoryArn"])["tags"]
        catalog = parsed(lambda: json.dumps(api.get_repository_catalog_data(repositoryName=name)["catalogData"]))
        return {"uri": described["repositoryUri"], "arn": described["repositoryArn"],
                "tags": {tag["Key"]: tag["Value"] for tag in tags},
                "policy": parsed(lambda: api.get_repository_policy(repositoryName=name)["policyText"]),
                "catalog": {key: value for key, value in (catalog or {}).items() if value},
                "images": len(api.describe_images(repositoryName=name)["imageDetails"])}

    def push(self, short: str) -> None:
        """Puts an image."""
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                    "config": {"digest": "sha256:" + "0" * 64, "size": 1,
                               "mediaType": "application/vnd.docker.container.image.v1+json"},
                    "layers": []}
        self.api.put_image(repositoryName=self.name(short), imageManifest=json.dumps(manifest), imageTag="latest")

    @contextmanager
    def counting(self) -> Iterator[dict[str, int]]:
        """The writes that the gallery was asked for within the block, filled in at its end."""
        before = self.writes()
        counted: dict[str, int] = {}
        yield counted
        counted.update({name: count - before.get(name, 0) for name, count in self.writes().items()
                        if count > before.get(name, 0)})

    def writes(self) -> dict[str, int]:
        """How often each writing operation was called so far."""
        calls = self.cloud.control("GET", "calls").get("ecr-public", {})
        return {name: count for name, count in calls.items() if name.startswith(WRITE_VERBS)}

    def clear(self) -> None:
        """Nothing of the project stays, and its stacks can end."""
        for short in self.all():
            self.api.delete_repository(repositoryName=self.name(short), force=True)
