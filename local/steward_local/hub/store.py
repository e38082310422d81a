"""What Security Hub keeps of the findings of one account and Region."""

from __future__ import annotations

import copy
import datetime
import json
import os
from dataclasses import dataclass, field
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.securityhub.models import SecurityHubBackend, securityhub_backends

Finding = dict[str, Any]
# No import changes them.
USERS_OWN = ("Note", "UserDefinedFields", "VerificationState", "Workflow", "WorkflowState")
# No import changes them either, once a user has.
FIRST_PROVIDED = ("Confidence", "Criticality", "RelatedFindings", "Severity", "Types")
LABELS = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}


@dataclass
class Store:
    """Findings by id, which the one product of the account makes unique."""

    findings: dict[str, Finding] = field(default_factory=dict)
    # What a user has changed with BatchUpdateFindings, by finding.
    touched: dict[str, set[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    def take(self, finding: Finding) -> None:
        """One import that has been found good."""
        finding = completed(copy.deepcopy(finding))
        stored = self.findings.get(finding["Id"])
        if stored is None:
            new = {"Workflow": {"Status": "NEW"}, "WorkflowState": "NEW", "RecordState": "ACTIVE"}
            self.findings[finding["Id"]] = new | finding
            return
        if moment(finding["UpdatedAt"]) <= moment(stored["UpdatedAt"]):
            self.ignored.append(finding["Id"])
            return
        touched = self.touched.get(finding["Id"], set())
        kept = [name for name in (*USERS_OWN, *FIRST_PROVIDED) if name in USERS_OWN or name in touched]
        replaced = {name: value for name, value in finding.items() if name not in kept}
        replaced = {"RecordState": stored["RecordState"]} | replaced
        replaced |= {name: stored[name] for name in kept if name in stored}
        if stored["RecordState"] == "ARCHIVED" and replaced["RecordState"] == "ACTIVE":
            if replaced["Workflow"]["Status"] in ("NOTIFIED", "RESOLVED"):
                replaced |= {"Workflow": {"Status": "NEW"}, "WorkflowState": "NEW"}
        self.findings[finding["Id"]] = replaced

    def update(self, identity: str, changes: Finding) -> None:
        """What a user does to a finding. UpdatedAt is the provider's, and stays."""
        stored = self.findings[identity]
        for name, value in changes.items():
            if name == "Note":
                value = value | {"UpdatedAt": now()}
            if name == "Severity":
                value = graded(stored.get("Severity", {}) | value, "Label" in value)
            if name == "UserDefinedFields":
                value = stored.get(name, {}) | value
            stored[name] = value
        self.touched.setdefault(identity, set()).update(changes)


def completed(finding: Finding) -> Finding:
    """With everything the service fills in itself."""
    provided = finding.get("FindingProviderFields") or {}
    for name in FIRST_PROVIDED:
        if name not in finding and name in provided:
            finding[name] = copy.deepcopy(provided[name])
    severity = (provided.get("Severity") or {}) | finding["Severity"]
    finding["Severity"] = graded(severity, "Label" in severity)
    finding["FindingProviderFields"] = {
        "Severity": {key: value for key, value in finding["Severity"].items() if key in ("Label", "Original")},
        "Types": finding.get("Types", [])} | provided
    finding["Region"] = finding["ProductArn"].split(":")[3]
    finding["ProcessedAt"] = now()
    return finding


def graded(severity: Finding, by_label: bool) -> Finding:
    """Label and number both; the label counts where there is one."""
    if by_label:
        return severity | {"Normalized": LABELS[severity["Label"]]}
    label = [name for name, least in LABELS.items() if least <= severity["Normalized"]][-1]
    return severity | {"Label": label}


def moment(text: str) -> tuple[int, int]:
    """A time of RFC 3339 in seconds and nanoseconds, since it may have nine decimals."""
    text = text.replace("Z", "+00:00")
    zone = text[19:].lstrip(".0123456789")
    if ":" not in zone:
        zone = zone[:3] + ":" + zone[3:]
    whole = datetime.datetime.fromisoformat(text[:19] + zone)
    decimals = text[19:len(text) - len(text[19:].lstrip(".0123456789"))].strip(".")
    return int(whole.timestamp()), int(decimals.ljust(9, "0") or 0)


def now() -> str:
    """As the service writes times."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def account() -> str:
    """The one account there is."""
    return os.environ.get("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)


def hub(region: str) -> SecurityHubBackend:
    """moto's state of a Region, which knows whether Security Hub is enabled."""
    return securityhub_backends[account()][region]


def of(region: str) -> Store:
    """The findings of a Region. They live on moto's own state, so that moto's reset forgets them too."""
    state = hub(region)
    if not hasattr(state, "steward_store"):
        state.steward_store = Store()
    return state.steward_store


def forget(region: str) -> None:
    """No findings."""
    hub(region).steward_store = Store()


class Poisons:
    """Texts that no finding may contain, for tests of what a refusal leads to."""

    def __init__(self) -> None:
        self._texts: list[dict[str, str]] = []

    def add(self, wish: Any) -> None:
        """From the JSON of a test. Raises ValueError with what is wrong."""
        if not isinstance(wish, dict) or not wish.get("contains") or set(wish) - {"contains", "message"}:
            raise ValueError("a poison has contains and, if wanted, message")
        self._texts.append({"contains": str(wish["contains"]), "message": str(wish.get(
            "message", "Finding does not adhere to Amazon Finding Format. Injected."))})

    def clear(self) -> None:
        """Nothing is poisonous."""
        self._texts.clear()

    def shown(self) -> list[dict[str, str]]:
        """All of them."""
        return list(self._texts)

    def of(self, finding: Finding) -> str:
        """What is said of a finding that contains one; empty for all others."""
        text = json.dumps(finding, ensure_ascii=False) if self._texts else ""
        return next((one["message"] for one in self._texts if one["contains"] in text), "")


poisons = Poisons()
