"""Whether a finding is one: the Security Finding Format, beyond what its model says."""

from __future__ import annotations

import json
import re
from typing import Any, Iterator

from ..ecr import model
from ..ecr.errors import EcrError

Finding = dict[str, Any]
VERSION = "2018-10-08"
MAX_FINDING_BYTES = 240_000
MAX_STRING = 32_768
# By path; [] goes through a list.
LENGTHS = {
    "Id": (1, 512), "ProductArn": (12, 2048), "ProductName": (1, 128), "CompanyName": (1, 128),
    "Region": (1, 16), "GeneratorId": (1, 512), "AwsAccountName": (1, 50), "Title": (1, 256),
    "Description": (1, 1024), "Remediation.Recommendation.Text": (1, 512), "Note.Text": (1, 512),
    "Severity.Original": (1, 64), "FindingProviderFields.Severity.Original": (1, 64),
    "Resources[].Type": (1, 256), "Resources[].Id": (1, 512), "Resources[].Region": (1, 16),
}
COUNTS = {
    "Resources": (1, 32), "Types": (0, 50), "FindingProviderFields.Types": (0, 50), "RelatedFindings": (1, 10),
    "FindingProviderFields.RelatedFindings": (1, 10), "Malware": (0, 5), "Threats": (1, 32),
    "ThreatIntelIndicators": (1, 5), "Compliance.RelatedRequirements": (0, 32),
}
# Pairs, length of a key, length of a value.
MAPS = {"ProductFields": (50, 128, 2048), "UserDefinedFields": (50, 128, 1024),
        "Resources[].Tags": (50, 128, 256), "Resources[].Details.Other": (50, 128, 1024)}
TIMES = ("CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt", "Note.UpdatedAt",
         "Resources[].Details.AwsEcrContainerImage.ImagePublishedAt", "Vulnerabilities[].Vendor.VendorCreatedAt",
         "Vulnerabilities[].Vendor.VendorUpdatedAt", "Vulnerabilities[].LastKnownExploitAt")
TIME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
                  r"(Z|[+-]\d{2}:?\d{2})")
NAMESPACES = ("Software and Configuration Checks", "TTPs", "Effects", "Unusual Behaviors",
              "Sensitive Data Identifications")


def problem(given: Finding, account: str, region: str) -> tuple[Finding, str]:
    """The finding without its nulls, and why it may not be kept; empty when it may. What no finding
    can be read from at all is an EcrError."""
    try:
        finding = model.check(model.shape("AwsSecurityFinding", "securityhub"), given, "data")
    except EcrError as refusal:
        if refusal.code == "SerializationException":
            raise
        return given, worded([refusal.message.removeprefix("Invalid parameter at ")])
    if len(json.dumps(finding, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_FINDING_BYTES:
        return finding, "Finding size exceeds the limit of 240 KB"
    found = [*identity(finding, account, region), *sizes(finding), *maps(finding), *times(finding),
             *severity(finding), *types(finding), *long_strings(finding, "data")]
    return finding, worded(found) if found else ""


def worded(problems: list[str]) -> str:
    """As the service words it."""
    return "Finding does not adhere to Amazon Finding Format. " + ", ".join(problems)


def at(value: Any, path: str, place: str = "data") -> Iterator[tuple[str, Any]]:
    """What there is at a path, with its place."""
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]")
    if not isinstance(value, dict) or name not in value:
        return
    inner = value[name]
    entries = ([(f"{place}.{name}[{number}]", one) for number, one in enumerate(inner)] if step.endswith("[]")
               else [(f"{place}.{name}", inner)])
    for where, one in entries:
        if rest:
            yield from at(one, rest, where)
        else:
            yield where, one


def identity(finding: Finding, account: str, region: str) -> Iterator[str]:
    """Only the account's own findings, under the product every account has."""
    partition = finding["ProductArn"].split(":")[1] if finding["ProductArn"].count(":") > 4 else "aws"
    product = f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default"
    if finding["ProductArn"] != product:
        yield f"data.ProductArn should be {product}"
    if finding["AwsAccountId"] != account:
        yield f"data.AwsAccountId should be the account of the caller, {account}"
    if finding["SchemaVersion"] != VERSION:
        yield f"data.SchemaVersion should be equal to {VERSION}"
    if finding.get("Region", region) != region:
        yield f"data.Region should be {region}"


def sizes(finding: Finding) -> Iterator[str]:
    """Lengths of strings in characters, and of lists."""
    for limits, thing in ((LENGTHS, "characters"), (COUNTS, "items")):
        for path, (low, high) in limits.items():
            for place, value in at(finding, path):
                if len(value) < low:
                    yield f"{place} should NOT have fewer than {low} {thing}"
                if len(value) > high:
                    yield f"{place} should NOT have more than {high} {thing}"


def maps(finding: Finding) -> Iterator[str]:
    """How many pairs, and how long."""
    for path, (pairs, key_length, value_length) in MAPS.items():
        for place, value in at(finding, path):
            if len(value) > pairs:
                yield f"{place} should NOT have more than {pairs} properties"
            for key, one in value.items():
                if len(key) > key_length:
                    yield f"{place} has a key longer than {key_length} characters"
                if len(one) > value_length:
                    yield f"{place}['{key}'] should NOT have more than {value_length} characters"


def times(finding: Finding) -> Iterator[str]:
    """RFC 3339, with a zone."""
    for path in TIMES:
        for place, value in at(finding, path):
            if not TIME.fullmatch(value):
                yield f"{place} should match format date-time"


def severity(finding: Finding) -> Iterator[str]:
    """From the provider's fields or as such; a number goes to 100."""
    own = finding.get("Severity") or {}
    provided = (finding.get("FindingProviderFields") or {}).get("Severity") or {}
    if "Label" not in own and "Normalized" not in own and "Label" not in provided:
        yield "data.Severity should have required property 'Label' or 'Normalized'"
    for path in ("Severity.Normalized", "Confidence", "Criticality"):
        for place, value in at(finding, path):
            if not 0 <= value <= 100:
                yield f"{place} should be between 0 and 100"


def types(finding: Finding) -> Iterator[str]:
    """namespace/category/classifier, with a namespace of the format's own."""
    for path in ("Types", "FindingProviderFields.Types"):
        for place, value in at(finding, path):
            for one in value:
                parts = one.split("/")
                if parts[0] not in NAMESPACES or len(parts) > 3 or not all(part.strip() for part in parts):
                    yield f"{place} should be of the form namespace/category/classifier, not '{one}'"


def long_strings(value: Any, place: str) -> Iterator[str]:
    """Nothing whatsoever is longer than this."""
    if isinstance(value, str) and len(value) >= MAX_STRING:
        yield f"{place} should NOT have {MAX_STRING} characters or more"
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from long_strings(one, f"{place}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from long_strings(one, f"{place}[{number}]")
