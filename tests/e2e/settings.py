"""What a registry has once per account and Region: read whole, written by hand, and declared.

Replication rules are read and written as JSON, since the client's model is older than `deleteReplication`.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError
from cloud import Cloud

TYPE = "Custom::EcrRegistry"
RECORD = "owners/registry.json"
NOBODYS = ("createdAt", "updatedAt", "registryId")
Entry = dict[str, Any]


def known(entries: list[Entry], by: str) -> dict[str, Entry]:
    """Entries by what they are known by, without what nobody declares."""
    return {entry[by]: {key: value for key, value in entry.items()
                        if key not in (by, *NOBODYS) and value not in ("", [])}
            for entry in entries}


class Registry:
    """The registry of the local AWS."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ecr = cloud.client("ecr")
        self.region = cloud.variables["AWS_REGION"]
        self.account = cloud.client("sts").get_caller_identity()["Account"]

    def resource(self, **properties: Any) -> Entry:
        """A declaration as a resource."""
        usual = {"ServiceToken": self.cloud.service_token, "ServiceTimeout": 120}
        return {"Type": TYPE, "Properties": usual | properties}

    # ---- what stands ----

    def standing(self) -> dict[str, Any]:
        """Everything; equal dumps mean nothing changed."""
        pages = {name: self.ecr.get_paginator(name).paginate() for name in
                 ("describe_pull_through_cache_rules", "describe_repository_creation_templates")}
        rules = [one for page in pages["describe_pull_through_cache_rules"] for one in page["pullThroughCacheRules"]]
        made = [one for page in pages["describe_repository_creation_templates"]
                for one in page["repositoryCreationTemplates"]]
        return {
            "scanning": self.scanning(),
            "replication": self.replication(),
            "policy": self.policy(),
            "cache": known(rules, "ecrRepositoryPrefix"),
            "templates": known(made, "prefix"),
            # As many as there can be.
            "exclusions": sorted(self.ecr.list_pull_time_update_exclusions(maxResults=100)["pullTimeUpdateExclusions"]),
            "signing": self.signing(),
            "blob mounting": self.ecr.get_account_setting(name="BLOB_MOUNTING")["value"],
        }

    def scanning(self) -> tuple[str, dict[str, list[str]]]:
        """Type, and the filters of each frequency."""
        found = self.ecr.get_registry_scanning_configuration()["scanningConfiguration"]
        return found["scanType"], {rule["scanFrequency"]: sorted(one["filter"] for one in rule["repositoryFilters"])
                                   for rule in found["rules"]}

    def replication(self) -> list[Entry]:
        """Rules, every member of them, in an order of their own."""
        kept: list[bytes] = []

        def keep(http_response: Any, **_: Any) -> None:
            kept.append(http_response.content)

        self.ecr.meta.events.register("after-call.ecr.DescribeRegistry", keep)
        try:
            self.ecr.describe_registry()
        finally:
            self.ecr.meta.events.unregister("after-call.ecr.DescribeRegistry", keep)
        rules = json.loads(kept[0])["replicationConfiguration"]["rules"]
        return sorted(rules, key=lambda rule: json.dumps(rule, sort_keys=True))

    def policy(self) -> dict[str, str]:
        """The text of every statement, by its Sid; of one without, by itself."""
        try:
            found = json.loads(self.ecr.get_registry_policy()["policyText"])
        except self.ecr.exceptions.RegistryPolicyNotFoundException:
            return {}
        texts = [(one.get("Sid"), json.dumps(one, separators=(",", ":"))) for one in found["Statement"]]
        return {sid or text: text for sid, text in texts}

    def signing(self) -> list[Entry]:
        """The rules."""
        try:
            return self.ecr.get_signing_configuration()["signingConfiguration"]["rules"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "SigningConfigurationNotFoundException":
                return []
            raise

    def record(self) -> Any:
        """Who owns what, as it is kept; None where nothing ever was."""
        return self.cloud.object(RECORD)

    # ---- by hand ----

    def scan(self, scan_type: str, **filters: list[str]) -> None:
        """`scan("BASIC", SCAN_ON_PUSH=["prod*"])`"""
        rules = [{"scanFrequency": frequency, "repositoryFilters": [
            {"filter": one, "filterType": "WILDCARD"} for one in some]} for frequency, some in filters.items()]
        self.ecr.put_registry_scanning_configuration(scanType=scan_type, rules=rules)

    def replicate(self, *rules: Entry) -> None:
        """Replaces all rules."""
        def whole(params: Entry, **_: Any) -> None:
            params["body"] = json.dumps({"replicationConfiguration": {"rules": rules}}).encode()

        self.ecr.meta.events.register("before-call.ecr.PutReplicationConfiguration", whole)
        try:
            self.ecr.put_replication_configuration(replicationConfiguration={"rules": []})
        finally:
            self.ecr.meta.events.unregister("before-call.ecr.PutReplicationConfiguration", whole)

    def allow(self, *statements: Entry) -> None:
        """Replaces the policy."""
        self.ecr.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": statements}))

    def clear(self) -> None:
        """As if nobody had ever configured anything."""
        self.scan("BASIC")
        self.replicate()
        for prefix in self.standing()["cache"]:
            self.ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix=prefix)
        for prefix in self.standing()["templates"]:
            self.ecr.delete_repository_creation_template(prefix=prefix)
        for principal in self.standing()["exclusions"]:
            self.ecr.deregister_pull_time_update_exclusion(principalArn=principal)
        if self.policy():
            self.ecr.delete_registry_policy()
        if self.signing():
            self.ecr.delete_signing_configuration()
        self.ecr.put_account_setting(name="BLOB_MOUNTING", value="DISABLED")
        self.cloud.client("s3").delete_object(Bucket=self.cloud.bucket, Key=RECORD)


def scan_rule(frequency: str, *filters: str) -> Entry:
    """A scan rule as a property."""
    return {"ScanFrequency": frequency,
            "RepositoryFilters": [{"Filter": one, "FilterType": "WILDCARD"} for one in filters]}


def copies(region: str, account: str, *prefixes: str, deletions: bool | None = None) -> Entry:
    """A replication rule as a property."""
    rule: Entry = {"Destinations": [{"Region": region, "RegistryId": account}]}
    if prefixes:
        rule["RepositoryFilters"] = [{"Filter": one, "FilterType": "PREFIX_MATCH"} for one in prefixes]
    if deletions is not None:
        rule["DeleteReplication"] = {"Enabled": deletions}
    return rule


def copying(region: str, account: str, *prefixes: str, deletions: bool = False) -> Entry:
    """The same as ECR has it."""
    rule: Entry = {"destinations": [{"region": region, "registryId": account}]}
    if prefixes:
        rule["repositoryFilters"] = [{"filter": one, "filterType": "PREFIX_MATCH"} for one in prefixes]
    if deletions:
        rule["deleteReplication"] = {"enabled": True}
    return rule
