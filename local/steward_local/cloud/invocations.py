"""Asynchronous invocations: their attempts, and what is sent where when all have failed.

MiniStack does attempt again and does reach destinations, but a throttled attempt
counts as a failed one, the record lacks half of its fields, and a destination
that is a function is called once, without attempts of its own.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import lambda_svc

DEFAULT_ATTEMPTS = 2
DEFAULT_AGE_SECONDS = 21600
# On AWS one minute, and up to five; nobody waits that long here.
FIRST_PAUSE_SECONDS = lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS
LONGEST_PAUSE_SECONDS = lambda_svc._LAMBDA_ASYNC_RETRY_MAX_SECONDS

# All attempts of an event are one request.
_request_id: contextvars.ContextVar[str] = contextvars.ContextVar("steward_request_id", default="")


@dataclass
class Outcome:
    """How it stands with an event. The response is the one of the last attempt."""

    condition: str = ""
    attempts: int = 0
    status: int = 0
    response: Any = None

    @property
    def message(self) -> str:
        """For a dead letter."""
        if self.status == 429:
            return "Rate Exceeded."
        if not self.status:
            return "Function not invoked. Function is configured with zero reserved concurrent executions"
        return str(self.response.get("errorMessage", "")) if isinstance(self.response, dict) else ""


def invoke(function: dict[str, Any], event: Any) -> None:
    """Takes the event; its attempts happen elsewhere."""
    spawn_background(carry_out, function, event, thread_name="steward-async-invoke")


def carry_out(function: dict[str, Any], event: Any) -> None:
    """From the first attempt to the delivery of the failure."""
    config = function.get("config") or function
    account, region = lambda_svc._account_region_from_function_config(config)
    lambda_svc._request_account_id.set(account)
    lambda_svc._request_region.set(region)
    request_id = str(uuid.uuid4())
    _request_id.set(request_id)
    settings = settings_of(function, config)
    outcome = attempt(function, config, event, settings)
    if not outcome.condition:
        return
    lambda_svc.logger.warning("Lambda %s: event %s failed: %s", config.get("FunctionName"), request_id,
                              outcome.condition)
    destination = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination:
        deliver(destination, record(config, request_id, event, outcome), {})
    dead_letters = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead_letters:
        deliver(dead_letters, event, {"RequestID": request_id, "ErrorCode": str(outcome.status or 429),
                                      "ErrorMessage": outcome.message[:1024]})


def settings_of(function: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The EventInvokeConfig of what was invoked: a version, an alias, or neither."""
    base = lambda_svc._functions.get(config.get("FunctionName")) or function
    arn = str(config.get("FunctionArn", "")).split(":")
    qualifier = arn[7] if len(arn) > 7 else "$LATEST"
    configs = base.get("event_invoke_configs") or {}
    unqualified = (configs.get("") or base.get("event_invoke_config")) if qualifier == "$LATEST" else None
    return configs.get(qualifier) or unqualified or {}


def attempt(function: dict[str, Any], config: dict[str, Any], event: Any, settings: dict[str, Any]) -> Outcome:
    """Tries until it works, fails for good, or is too old. Being throttled is no attempt."""
    allowed = settings.get("MaximumRetryAttempts")
    allowed = DEFAULT_ATTEMPTS if allowed is None else int(allowed)
    until = time.time() + int(settings.get("MaximumEventAgeInSeconds") or DEFAULT_AGE_SECONDS)
    outcome, throttled = Outcome(), 0
    while True:
        if lambda_svc._reserved_concurrency(function, config) == 0:
            outcome.condition = "ZeroReservedConcurrency"
            return outcome
        result = lambda_svc._execute_function(function, event)
        if result.get("log"):
            lambda_svc.logger.info("Lambda %s async output:\n%s", config.get("FunctionName"), result["log"])
        if not result.get("error"):
            return Outcome()
        if result.get("throttle"):
            throttled += 1
            outcome.status, outcome.response = 429, None
            pause = pause_after(throttled)
        else:
            outcome.attempts += 1
            outcome.status, outcome.response = 200, result.get("body")
            if outcome.attempts > allowed:
                outcome.condition = "RetriesExhausted"
                return outcome
            pause = pause_after(outcome.attempts)
        if time.time() + pause > until:
            outcome.condition = "EventAgeExceeded"
            return outcome
        time.sleep(pause)


def pause_after(times: int) -> float:
    """Longer each time."""
    return min(FIRST_PAUSE_SECONDS * 2 ** (times - 1), LONGEST_PAUSE_SECONDS)


def record(config: dict[str, Any], request_id: str, event: Any, outcome: Outcome) -> dict[str, Any]:
    """What a destination is told. Without a response there was no invocation."""
    arn, version = config.get("FunctionArn", ""), config.get("Version", "$LATEST")
    now = datetime.datetime.now(datetime.timezone.utc)
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn if arn.count(":") > 6 else f"{arn}:$LATEST",
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.attempts,
        },
        "requestPayload": event,
    }
    if outcome.status == 429:
        told["responseContext"] = {"statusCode": 429}
    elif outcome.status:
        told["responseContext"] = {"statusCode": outcome.status, "executedVersion": version,
                                   "functionError": "Unhandled"}
        told["responsePayload"] = outcome.response
    return told


def deliver(target: str, message: Any, attributes: dict[str, str]) -> None:
    """To a function, which is invoked asynchronously in its turn, a queue or a topic."""
    from ministack.services import sns, sqs

    kind = target.split(":")[2] if target.count(":") > 4 else ""
    told = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    if kind == "lambda":
        function, config, name = lambda_svc._get_func_record_for_ref(target)
        if function is not None and config is not None:
            lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), message)
            return
    elif kind == "sqs" and sqs._queue_by_arn(target) is not None:
        sqs._act_send_message({"MessageBody": json.dumps(message), "MessageAttributes": told},
                              sqs._queue_url(target.rpartition(":")[2]))
        return
    elif kind == "sns" and target in sns._topics:
        sns._fanout(target, str(uuid.uuid4()), json.dumps(message), "", "", told)
        return
    lambda_svc.logger.error("no such destination, the failure is lost: %s", target)


def install() -> None:
    """In place of MiniStack's own."""
    plain = lambda_svc._execute_function_dispatch

    def dispatch(func: dict, config: dict, event: Any, request_id: str, started: float) -> dict:
        return plain(func, config, event, _request_id.get() or request_id, started)

    lambda_svc._execute_function_dispatch = dispatch
    lambda_svc.invoke_async_with_retry = invoke
