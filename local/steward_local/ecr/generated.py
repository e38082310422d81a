"""Findings made up for tests: always the same for the same wish.

The finding of a number does not depend on how many there are, so that two scans
with counts of 2,400 and 2,500 share 2,400 findings. Every tenth vulnerability is
one in two packages: two basic findings, or two packages in one enhanced finding.
"""

from __future__ import annotations

import hashlib
import random
from typing import Any

Finding = dict[str, Any]
# Out of a hundred, where the wish says nothing.
USUAL = {"CRITICAL": 4, "HIGH": 16, "MEDIUM": 40, "LOW": 30, "INFORMATIONAL": 6, "UNDEFINED": 4}
SCORES = {"CRITICAL": 9.8, "HIGH": 7.5, "MEDIUM": 5.3, "LOW": 3.1}
TYPES = {"count": int, "first": int, "kind": str, "seed": int, "severities": dict, "descriptionLength": int}
WORDS = "A flaw in the handling of crafted input lets a remote attacker read memory past the end of a buffer. "
FIRST_OBSERVED = 1_767_225_600.0
MANAGERS = ("OS", "JAR", "NPM", "PYTHONPKG")


def findings(wish: Any, image: dict[str, Any]) -> tuple[str, list[Finding]]:
    """The member of the answer they belong to, and the findings. Raises ValueError with what is wrong."""
    if not isinstance(wish, dict):
        raise ValueError("generate is a JSON object")
    for key, value in wish.items():
        if key not in TYPES or not isinstance(value, TYPES[key]) or isinstance(value, bool):
            raise ValueError(f"generate.{key}: unknown, or not of the expected type")
    kind = wish.get("kind", "basic")
    if kind not in ("basic", "enhanced"):
        raise ValueError("generate.kind is basic or enhanced")
    if "count" not in wish and "severities" not in wish:
        raise ValueError("generate needs a count, or severities")
    seed, first = wish.get("seed", 0), wish.get("first", 0)
    numbers = range(first, first + wish.get("count", sum(wish.get("severities", {}).values())))
    severities = distributed(wish.get("severities"), numbers, seed)
    length = wish.get("descriptionLength", 380)
    made = [basic(number, seed, severity, length) if kind == "basic"
            else enhanced(number, seed, severity, length, image)
            for number, severity in zip(numbers, severities)]
    return ("findings" if kind == "basic" else "enhancedFindings"), made


def distributed(wish: dict[str, int] | None, numbers: range, seed: int) -> list[str]:
    """A severity for each, mixed: who reads the first page only must not happen to get the worst ones."""
    if wish is None:
        return [random.Random(f"{seed}/{number}").choices(list(USUAL), list(USUAL.values()))[0]
                for number in numbers]
    if any(isinstance(count, bool) or not isinstance(count, int) or count < 0 for count in wish.values()):
        raise ValueError("generate.severities are counts by severity")
    severities = [severity for severity, count in wish.items() for _ in range(count)]
    if len(severities) != len(numbers):
        raise ValueError("generate.severities do not add up to count")
    random.Random(seed).shuffle(severities)
    return severities


def vulnerability(number: int, seed: int) -> str:
    """The id; 7 digits keep those of different seeds apart."""
    return f"CVE-{2010 + seed % 16}-{seed * 100_000 + number:07}"


def description(number: int, length: int) -> str:
    """Text of exactly that length."""
    start = f"Number {number}. "
    return (start + WORDS * (length // len(WORDS) + 1))[:length]


def package(number: int) -> tuple[str, str]:
    """A name and a version."""
    name = ("ssl", "xml", "png", "zip", "curl")[number % 5]
    return f"lib{name}{number}", f"{1 + number % 3}.{number % 10}.{number}-r0"


def basic(number: int, seed: int, severity: str, length: int) -> Finding:
    """One in the form of basic scans."""
    name, version = package(number)
    twin = number - 1 if number % 10 == 9 else number
    identity = vulnerability(twin, seed)
    return {"name": identity, "description": description(twin, length), "severity": severity,
            "uri": f"https://security-tracker.example.org/tracker/{identity}",
            "attributes": [{"key": "package_version", "value": version},
                           {"key": "package_name", "value": name},
                           {"key": "CVSS2_VECTOR", "value": "AV:N/AC:L/Au:N/C:P/I:P/A:P"},
                           {"key": "CVSS2_SCORE", "value": str(SCORES.get(severity, 0.0))}]}


def enhanced(number: int, seed: int, severity: str, length: int, image: dict[str, Any]) -> Finding:
    """One in the form in which Inspector's come through ECR."""
    identity, score = vulnerability(number, seed), SCORES.get(severity, 0.0)
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    unique = hashlib.md5(f"{image['arn']}/{identity}".encode(), usedforsecurity=False).hexdigest()
    packages = [vulnerable(one) for one in ([number, number + 5_000_000] if number % 10 == 9 else [number])]
    fixable = sum("fixedInVersion" in one for one in packages)
    return {
        "awsAccountId": image["account"],
        "findingArn": f"arn:aws:inspector2:{image['region']}:{image['account']}:finding/{unique}",
        "title": f"{identity} - {packages[0]['name']}", "description": description(number, length),
        "severity": severity, "status": "ACTIVE", "type": "PACKAGE_VULNERABILITY", "score": score,
        "scoreDetails": {"cvss": {"adjustments": [], "score": score, "scoreSource": "NVD",
                                  "scoringVector": vector, "version": "3.1"}},
        "packageVulnerabilityDetails": {
            "cvss": [{"baseScore": score, "scoringVector": vector, "source": "NVD", "version": "3.1"}],
            "source": "NVD", "sourceUrl": f"https://nvd.example.org/vuln/detail/{identity}",
            "vulnerabilityId": identity, "vendorSeverity": severity.capitalize(),
            "vendorCreatedAt": FIRST_OBSERVED - 864_000, "vendorUpdatedAt": FIRST_OBSERVED - 86_400,
            "relatedVulnerabilities": [], "vulnerablePackages": packages,
            "referenceUrls": [f"https://lists.example.org/{identity}", f"https://bugs.example.org/{number}"]},
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [{"type": "AWS_ECR_CONTAINER_IMAGE", "id": image["arn"], "tags": {}, "details": {
            "awsEcrContainerImage": {"architecture": "amd64", "platform": "ALPINE_LINUX_3_20",
                                     "imageHash": image["digest"], "imageTags": image["tags"],
                                     "pushedAt": image["pushedAt"], "registry": image["account"],
                                     "repositoryName": image["repository"]}}}],
        "fixAvailable": "YES" if fixable == len(packages) else "PARTIAL" if fixable else "NO",
        "exploitAvailable": "YES" if number % 25 == 0 else "NO",
        "firstObservedAt": FIRST_OBSERVED, "lastObservedAt": FIRST_OBSERVED + 86_400,
        "updatedAt": FIRST_OBSERVED + 86_400}


def vulnerable(number: int) -> Finding:
    """A package of an enhanced finding; every third has no fix."""
    name, version = package(number)
    manager = MANAGERS[number % 4]
    fix = {} if number % 3 == 0 else {"fixedInVersion": f"0:{version}.1"}
    where = {} if manager == "OS" else {"filePath": f"app/lib/{name}"}
    digest = hashlib.sha256(str(number % 7).encode()).hexdigest()
    return {"name": name, "version": version, "arch": "X86_64", "epoch": 0, "release": "r0",
            "packageManager": manager, "sourceLayerHash": f"sha256:{digest}", **where, **fix}
