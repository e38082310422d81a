"""The local ECR as somebody has it who comes from Terraform."""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import Any, Callable

from cloud import Cloud

Steward = Callable[..., "subprocess.CompletedProcess[str]"]


class World:
    """The local ECR, with a project whose repositories go at the end, and the registry's settings put back."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.cloud = Cloud(variables, "", "")
        self.project = f"tf-{uuid.uuid4().hex[:8]}"
        self.bucket = f"{self.project}-state"
        self.cloud.client("s3").create_bucket(Bucket=self.bucket)

    @property
    def region(self) -> str:
        """Where it is: the provider's version does not write the Region of the registry's settings."""
        return str(self.cloud.client("ecr").meta.region_name)

    def repositories(self) -> dict[str, Any]:
        """Everything ECR holds of the project."""
        return self.cloud.registry(f"{self.project}/")

    def registry(self) -> dict[str, Any]:
        """The registry's settings."""
        ecr = self.cloud.client("ecr")
        rules = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
        return {
            "scanning": ecr.get_registry_scanning_configuration()["scanningConfiguration"],
            "replication": ecr.describe_registry()["replicationConfiguration"],
            "caches": {rule["ecrRepositoryPrefix"]: rule["upstreamRegistryUrl"] for rule in rules},
        }

    def end(self) -> None:
        """Leaves nothing behind."""
        ecr, s3 = self.cloud.client("ecr"), self.cloud.client("s3")
        for name in self.repositories():
            ecr.delete_repository(repositoryName=name, force=True)
        ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[])
        ecr.put_replication_configuration(replicationConfiguration={"rules": []})
        for prefix in self.registry()["caches"]:
            ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix=prefix)
        try:
            ecr.delete_registry_policy()
        except ecr.exceptions.RegistryPolicyNotFoundException:
            pass
        for one in s3.list_objects_v2(Bucket=self.bucket).get("Contents", []):
            s3.delete_object(Bucket=self.bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=self.bucket)


def documents(text: str) -> list[dict[str, Any]]:
    """The documents that `adopt --format spec --as json` wrote."""
    read = json.loads(text)
    return read if isinstance(read, list) else [read]
