"""Filters of GetFindings: within one attribute any may fit, over all attributes each has to."""

from __future__ import annotations

from typing import Any, Callable, Iterator

from ..ecr.errors import EcrError

Finding = dict[str, Any]
# By the name of the filter: a path; lists on it are gone through.
STRINGS = {
    "Id": "Id", "ProductArn": "ProductArn", "GeneratorId": "GeneratorId", "AwsAccountId": "AwsAccountId",
    "Region": "Region", "Type": "Types", "Title": "Title", "Description": "Description",
    "ProductName": "ProductName", "CompanyName": "CompanyName", "SeverityLabel": "Severity.Label",
    "RecordState": "RecordState", "WorkflowStatus": "Workflow.Status", "ComplianceStatus": "Compliance.Status",
    "VerificationState": "VerificationState", "ResourceId": "Resources.Id", "ResourceType": "Resources.Type",
    "NoteText": "Note.Text", "VulnerabilitiesFixAvailable": "Vulnerabilities.FixAvailable",
}
MAPS = {"ProductFields": "ProductFields", "UserDefinedFields": "UserDefinedFields"}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda value, wish: value == wish, "PREFIX": lambda value, wish: value.startswith(wish),
    "CONTAINS": lambda value, wish: wish in value}


def matching(findings: list[Finding], filters: dict[str, list[dict[str, str]]]) -> list[Finding]:
    """Those that fit. A filter nobody built is refused: ignoring it would give too much."""
    unknown = sorted(set(filters) - set(STRINGS) - set(MAPS))
    if unknown:
        raise EcrError("InvalidInputException", f"The local service does not have the filter {unknown[0]}.")
    return [one for one in findings
            if all(fits(one, name, wishes) for name, wishes in filters.items() if wishes)]


def fits(finding: Finding, name: str, wishes: list[dict[str, str]]) -> bool:
    """One attribute: any of what it is to be, and none of what it is not to be."""
    positive = [wish for wish in wishes if "NOT" not in wish["Comparison"]]
    negative = [wish for wish in wishes if "NOT" in wish["Comparison"]]
    return (not positive or any(is_so(finding, name, wish) for wish in positive)) and not any(
        is_so(finding, name, wish) for wish in negative)


def is_so(finding: Finding, name: str, wish: dict[str, str]) -> bool:
    """Does any value compare, leaving the negation out?"""
    kind = wish["Comparison"].replace("NOT_EQUALS", "EQUALS").replace("PREFIX_EQUALS", "PREFIX").replace("NOT_", "")
    if kind not in COMPARISONS:
        raise EcrError("InvalidInputException", f"The local service does not compare by {wish['Comparison']}.")
    if name in MAPS:
        found = (finding.get(MAPS[name]) or {}).get(wish.get("Key", ""))
        present = [] if found is None else [found]
    else:
        present = list(values(finding, STRINGS[name]))
    return any(COMPARISONS[kind](value, wish.get("Value", "")) for value in present)


def values(value: Any, path: str) -> Iterator[str]:
    """What there is at a path of a finding."""
    if isinstance(value, list):
        for one in value:
            yield from values(one, path)
    elif path:
        step, _, rest = path.partition(".")
        if isinstance(value, dict) and step in value:
            yield from values(value[step], rest)
    else:
        yield str(value)
