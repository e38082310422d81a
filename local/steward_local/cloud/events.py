"""EventBridge: events of AWS services, their times, and who may fill a queue.

Nobody but AWS itself may send events of `aws.*`; here the tests are AWS. MiniStack
gives every event the time it came, takes entries the service refuses, and asks no
queue policy, so a template that forgets one works here and delivers nothing on AWS.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.services import eventbridge, sqs
from ministack.services.cloudformation import provisioners

Entry = dict[str, Any]
MAX_BYTES = 1_048_576
MAX_DETAIL_TYPE = 128
# The key AWS manages for SQS lets no service in.
CLOSED_KEYS = ("alias/aws/sqs",)


def flaw(entry: Entry) -> tuple[str, str] | None:
    """Code and message of what the service refuses in an entry."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
    if len(entry["DetailType"]) > MAX_DETAIL_TYPE:
        return "InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is too long."
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")


def size(entry: Entry) -> int:
    """As the service counts an entry."""
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or [])]
    return sum(len(text.encode()) for text in texts if isinstance(text, str)) + (14 if "Time" in entry else 0)


def moment(entry: Entry) -> int:
    """The time an entry bears, in seconds, or now."""
    given = entry.get("Time")
    return int(eventbridge._coerce_timestamp(given)) if given is not None else int(time.time())


def put(data: dict[str, Any], allow_aws_source: bool = True) -> tuple:
    """Each entry for itself; the whole call fails for its size alone."""
    entries = data.get("Entries") or []
    if not 1 <= len(entries) <= 10:
        return eventbridge.error_response_json(
            "ValidationException", f"1 validation error detected: Value '{len(entries)}' at 'entries' failed to "
            "satisfy constraint: Member must have length between 1 and 10", 400)
    if sum(size(one) for one in entries) > MAX_BYTES:
        return eventbridge.error_response_json(
            "ValidationException", "Total size of the entries in the request is over the limit.", 400)
    results = []
    for entry in entries:
        problem = flaw(entry)
        bus, bus_problem = eventbridge._event_bus_name_from_ref(entry.get("EventBusName") or "default")
        problem = problem or bus_problem
        if problem:
            results.append({"ErrorCode": problem[0], "ErrorMessage": problem[1]})
            continue
        results.append({"EventId": deliver(entry, bus)})
    return eventbridge.json_response({
        "FailedEntryCount": sum("ErrorCode" in one for one in results), "Entries": results})


def deliver(entry: Entry, bus: str) -> str:
    """To the rules of a bus; gives the id of the event."""
    record = {"EventId": eventbridge.new_uuid(), "Source": entry["Source"], "DetailType": entry["DetailType"],
              "Detail": entry["Detail"], "EventBusName": bus, "Time": moment(entry),
              "Resources": entry.get("Resources") or [], "Account": eventbridge.get_account_id(),
              "Region": eventbridge.get_region()}
    eventbridge._events_log_list().append(record)
    view = eventbridge._pattern_event_view(record)
    eventbridge._dispatch_event(record, view)
    eventbridge._archive_event(record, view)
    return record["EventId"]


def admitted(queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
    """Does the queue let a service in for this source? Without a policy it lets nobody in."""
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None or queue["attributes"].get("KmsMasterKeyId") in CLOSED_KEYS:
        return False
    policy = queue["attributes"].get("Policy")
    if not policy:
        return False
    context = EvalContext(
        principal_arn="*", principal_type="Service", principal_account="", action="sqs:SendMessage",
        resource_arn=queue_arn, region=sqs.get_region(), secure_transport=True, service_context={
            "aws:sourcearn": source_arn, "aws:sourceaccount": source_account})
    return evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def install() -> None:
    """In place of MiniStack's own, and before every delivery."""
    plain_invoke, plain_allows = eventbridge._invoke_target, sqs.queue_policy_allows
    handler = provisioners._RESOURCE_HANDLERS["AWS::Events::Rule"]
    plain_create = handler["create"]

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        arn = str(target.get("Arn", ""))
        if arn.startswith("arn:") and arn.split(":")[2] == "sqs" and not admitted(
                arn, "events.amazonaws.com", rule.get("Arn", ""), eventbridge.get_account_id()):
            eventbridge.logger.warning("EventBridge: the policy or the key of %s does not let rule %s deliver",
                                       arn, rule.get("Arn"))
            return
        plain_invoke(target, event, rule, view)

    def allows(queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
        if service == "sns.amazonaws.com":
            return admitted(queue_arn, service, source_arn, source_account)
        return plain_allows(queue_arn, service, source_arn, source_account)

    def create(logical_id: str, properties: dict[str, Any], *more: Any, **named: Any) -> tuple:
        pattern = properties.get("EventPattern")
        problem = pattern and eventbridge._event_pattern_error(
            pattern if isinstance(pattern, str) else json.dumps(pattern))
        if problem:
            raise ValueError(f"Event pattern is not valid. Reason: {problem}")
        return plain_create(logical_id, properties, *more, **named)

    eventbridge._put_events = put
    eventbridge._invoke_target = invoke
    sqs.queue_policy_allows = allows
    handler["create"] = create
