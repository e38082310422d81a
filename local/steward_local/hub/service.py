"""The operations on findings. All others of Security Hub are moto's."""

from __future__ import annotations

from typing import Any

from ..ecr import model
from ..ecr.errors import EcrError
from ..ecr.paging import page
from . import asff, query, store

Request = dict[str, Any]
MAX_IMPORT_BYTES = 6_000_000
MAX_IMPORT = 100
SUBSCRIBED = ("BatchImportFindings", "BatchUpdateFindings", "GetFindings")


def answer(operation: str, given: Any, body_bytes: int, region: str) -> Request | None:
    """The answer to an operation of this module; None leaves it to moto."""
    if operation not in SUBSCRIBED:
        return None
    if not store.hub(region).enabled:
        raise EcrError("InvalidAccessException",
                       f"Account {store.account()} is not subscribed to AWS Security Hub", 401)
    if not isinstance(given, dict):
        raise EcrError("SerializationException", "The request is not a JSON object.")
    if operation == "BatchImportFindings":
        if body_bytes > MAX_IMPORT_BYTES:
            raise bad("The request is larger than 6 MB")
        return batch_import(given, region)
    try:
        request = model.check(model.shape(operation + "Request", "securityhub"), given, "")
    except EcrError as problem:
        if problem.code == "InvalidParameterException":
            problem.code = "InvalidInputException"
        raise
    return {"BatchUpdateFindings": batch_update, "GetFindings": get_findings}[operation](request, region)


def bad(text: str) -> EcrError:
    """The refusal of a whole call."""
    return EcrError("InvalidInputException", text)


def batch_import(given: Request, region: str) -> Request:
    """Each finding is judged for itself; the call succeeds whatever becomes of them."""
    findings = given.get("Findings")
    if not isinstance(findings, list) or not 1 <= len(findings) <= MAX_IMPORT or set(given) != {"Findings"}:
        raise bad(f"Invalid parameter 'Findings': it has to be a list of 1 to {MAX_IMPORT} findings")
    judged = [asff.problem(one, store.account(), region) for one in findings]
    failed = []
    kept = store.of(region)
    for finding, problem in judged:
        problem = problem or store.poisons.of(finding)
        if problem:
            failed.append({"Id": str(finding.get("Id") or ""), "ErrorCode": "InvalidInput", "ErrorMessage": problem})
        else:
            kept.take(finding)
    return {"FailedCount": len(failed), "FailedFindings": failed, "SuccessCount": len(findings) - len(failed)}


def batch_update(request: Request, region: str) -> Request:
    """What a user does in the console."""
    identifiers = request.pop("FindingIdentifiers")
    if not 1 <= len(identifiers) <= MAX_IMPORT:
        raise bad(f"Invalid parameter 'FindingIdentifiers': it has to be a list of 1 to {MAX_IMPORT}")
    kept = store.of(region)
    processed, unprocessed = [], []
    for one in identifiers:
        stored = kept.findings.get(one["Id"])
        if stored is None or stored["ProductArn"] != one["ProductArn"]:
            unprocessed.append({"FindingIdentifier": one, "ErrorCode": "FindingNotFound",
                                "ErrorMessage": "Finding Not Found"})
            continue
        kept.update(one["Id"], request)
        processed.append(one)
    return {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}


def get_findings(request: Request, region: str) -> Request:
    """A page of what fits the filters, in the order of ids unless one is asked for."""
    matching = query.matching(list(store.of(region).findings.values()), request.get("Filters") or {})
    criteria = request.get("SortCriteria") or []
    for one in reversed(criteria):
        matching.sort(key=lambda finding: str(next(query.values(finding, one.get("Field", "Id")), "")),
                      reverse=one.get("SortOrder") == "desc")
    if not criteria:
        matching.sort(key=lambda finding: finding["Id"])
    paging = {mine: request[theirs] for theirs, mine in (("MaxResults", "maxResults"), ("NextToken", "nextToken"))
              if theirs in request}
    try:
        chosen, token = page(list(enumerate(matching)), lambda one: one[0], paging, "GetFindings")
    except EcrError:
        raise bad("Invalid parameter 'NextToken'") from None
    return {"Findings": [one for _, one in chosen]} | ({"NextToken": token} if token else {})
