"""A Security Hub that keeps the findings it takes, and whose limit can be switched on."""

from __future__ import annotations

import json
import threading
import time

from ..process import ACCOUNT
from ..wire import Answer, Request, json_answer
from .scans import Key

# Security Hub's partner guide and the service's model.
MOST_FINDINGS, MOST_BYTES = 100, 6_000_000
RATE, BURST = 10, 30
REQUIRED = ("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title",
            "Description", "Resources")


class Limit:
    """A bucket of tokens, full in the beginning."""

    def __init__(self, rate: float, burst: float):
        self._rate, self._burst = rate, burst
        self._tokens, self._when = burst, time.monotonic()

    def allows(self) -> bool:
        """Takes a token, if there is one."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._when) * self._rate)
        self._when = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def floor_seconds(calls: int) -> float:
    """The least time in which so many calls can pass the limit."""
    return max(0.0, (calls - BURST) / RATE)


class Hub:
    """What was imported, by id: as in the real one, a finding with an id that is there already takes its place."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._limit: Limit | None = None
        self.held: dict[str, Key | None] = {}
        self.accepted = self.bytes_accepted = 0

    def forget(self, limited: bool = False) -> None:
        """Empty again, with or without the limit."""
        with self._turn:
            self._limit = Limit(RATE, BURST) if limited else None
            self.held, self.accepted, self.bytes_accepted = {}, 0, 0

    def import_findings(self, request: Request) -> Answer:
        """BatchImportFindings."""
        with self._turn:
            if self._limit and not self._limit.allows():
                return refusal(429, "TooManyRequestsException", "Too Many Requests")
        findings = json.loads(request.body).get("Findings", [])
        if not 1 <= len(findings) <= MOST_FINDINGS:
            return refusal(400, "InvalidInputException", f"1 to {MOST_FINDINGS} findings, not {len(findings)}")
        if len(request.body) > MOST_BYTES:
            return refusal(400, "InvalidInputException", f"{len(request.body)} bytes")
        failed = []
        with self._turn:
            for finding in findings:
                if flaw := judged(finding):
                    failed.append({"Id": finding.get("Id", ""), "ErrorCode": "InvalidInput", "ErrorMessage": flaw})
                    continue
                self.held[finding["Id"]] = told(finding)
            self.accepted += len(findings) - len(failed)
            self.bytes_accepted += len(request.body)
        return json_answer({"FailedCount": len(failed), "SuccessCount": len(findings) - len(failed),
                            "FailedFindings": failed}, content_type="application/json")


def judged(finding: dict) -> str:
    """What is wrong with it, as far as it can be seen quickly. The rest is for tests."""
    missing = [name for name in REQUIRED if not finding.get(name)]
    if missing:
        return f"{', '.join(missing)} missing"
    if finding["AwsAccountId"] != ACCOUNT:
        return f"AwsAccountId is not {ACCOUNT}"
    severity = finding.get("Severity") or finding.get("FindingProviderFields", {}).get("Severity") or {}
    if "Label" not in severity and "Normalized" not in severity:
        return "Severity missing"
    return f"Id has {len(finding['Id'])} characters" if len(finding["Id"]) > 512 else ""


def told(finding: dict) -> Key | None:
    """Which finding of a scan it is, going by its vulnerability and package."""
    try:
        vulnerability = finding["Vulnerabilities"][0]
        package = vulnerability["VulnerablePackages"][0]
        return Key(vulnerability["Id"], package["Name"], package["Version"])
    except (KeyError, IndexError):
        return None


def refusal(status: int, code: str, message: str) -> Answer:
    """An error as the REST services tell it."""
    return Answer(status, json.dumps({"Code": code, "Message": message}).encode(),
                  (("Content-Type", "application/json"), ("x-amzn-errortype", code)))
