"""Queues that feed functions: how a batch gathers, and which of its messages are done with.

A batch whose invocation fails stays invisible for the queue's VisibilityTimeout
and is dead-lettered after maxReceiveCount; that MiniStack does itself.
"""

from __future__ import annotations

import functools
import threading
import time
from typing import Any, Callable

from ministack.services import eventbridge, lambda_svc, sns, sqs
from ministack.services.cloudformation import provisioners

from .batches import left


def run_batch(mapping: dict[str, Any], function: dict[str, Any], event: dict[str, Any],
              batch: list[dict[str, Any]], queue_url: str, queue_name: str) -> None:
    """One batch: invoked in the foreground, then deleted but for what failed."""
    sources = {message["id"]: (message.get("sys") or {}).get("DeadLetterQueueSourceArn") for message in batch}
    for one in event["Records"]:
        if sources.get(one["messageId"]):
            one["attributes"]["DeadLetterQueueSourceArn"] = sources[one["messageId"]]
    # Taken before the invocation: by its end the messages may bear the handles of later receipts.
    handles = {message["id"]: message["receipt_handle"] for message in batch}
    result = lambda_svc._execute_function(function, event)
    output, name = result.get("log", ""), mapping["FunctionName"]
    if result.get("error"):
        mapping["LastProcessingResult"] = "FAILED"
        lambda_svc._esm_backoff_until[mapping["UUID"]] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
        lambda_svc.logger.warning("Lambda %s failed on a batch from %s: %s\n%s", name, queue_name,
                                  result.get("body"), output)
        return
    lambda_svc._esm_backoff_until.pop(mapping["UUID"], None)
    partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
    failed = left(list(handles), result.get("body")) if partial else set()
    sqs._delete_messages_for_esm(queue_url, {handle for one, handle in handles.items() if one not in failed})
    done = len(handles) - len(failed)
    mapping["LastProcessingResult"] = (f"OK - {done} records, {len(failed)} partial failures" if failed
                                       else f"OK - {done} records")
    lambda_svc.logger.info("Lambda %s: %s from %s\n%s", name, mapping["LastProcessingResult"], queue_name, output)


MAPPING = "AWS::Lambda::EventSourceMapping"
MAX_BATCH = 10_000
# Of a whole invocation; what surrounds the bodies is counted roughly.
MAX_EVENT_BYTES = 6 * 1024 * 1024
RECORD_BYTES = 1024
# Everything that changes a queue's list of messages, or replaces it.
CHANGES = {sqs: ("_act_send_message", "_act_delete_message", "_act_delete_message_batch", "_act_purge_queue",
                 "_act_change_visibility", "_expire_retained", "_dlq_sweep", "_collect_msgs"),
           sns: ("_deliver_to_sqs",), eventbridge: ("_dispatch_to_sqs",)}


def receive(queue_url: str, size: int) -> list[dict[str, Any]]:
    """A batch that is due: full, or its first message has waited for the others long enough. MiniStack
    itself never gives more than ten and never waits."""
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        now = time.time()
        waiting = [one for one in queue["messages"] if one["visible_at"] <= now]
        fitting, room = 0, MAX_EVENT_BYTES
        for one in waiting[:size]:
            room -= len(one["body"].encode()) + RECORD_BYTES
            if room < 0 and fitting:
                break
            fitting += 1
        full = fitting == size or fitting < len(waiting)
        if not waiting or (not full and now - min(one["visible_at"] for one in waiting) < window(queue)):
            return []
        return sqs._collect_msgs(queue, fitting, int(queue["attributes"].get("VisibilityTimeout", "30")))


def window(queue: dict[str, Any]) -> float:
    """How long the mapping of a queue gathers a batch."""
    arn = queue["attributes"].get("QueueArn")
    return max((float(one.get("MaximumBatchingWindowInSeconds") or 0)
                for _, _, one in lambda_svc._iter_all_esms() if one.get("EventSourceArn") == arn), default=0.0)


def flaw(properties: dict[str, Any]) -> str:
    """What Lambda refuses in the mapping of a queue, and MiniStack does not."""
    if ":sqs:" not in str(properties.get("EventSourceArn", "")):
        return ""
    size, wait = int(properties.get("BatchSize", 10)), int(properties.get("MaximumBatchingWindowInSeconds", 0))
    if not 1 <= size <= MAX_BATCH or not 0 <= wait <= 300:
        return f"BatchSize is 1 to {MAX_BATCH}, MaximumBatchingWindowInSeconds 0 to 300"
    if size > 10 and wait < 1:
        return "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    most = int((properties.get("ScalingConfig") or {}).get("MaximumConcurrency", 2))
    return "" if 2 <= most <= 1000 else "ScalingConfig.MaximumConcurrency is 2 to 1000"


def judge_mappings() -> None:
    """Through the API and from templates. Templates hold numbers as strings."""
    handler = provisioners._RESOURCE_HANDLERS[MAPPING]
    plain_call, plain_create, plain_update = lambda_svc._create_esm, handler["create"], handler["update"]

    def call(data: dict[str, Any]) -> tuple:
        problem = flaw(data)
        if problem:
            return lambda_svc.error_response_json("InvalidParameterValueException", problem, 400)
        return plain_call(data)

    def numbered(properties: dict[str, Any]) -> dict[str, Any]:
        problem = flaw(properties)
        if problem:
            raise ValueError(problem)
        scaling = properties.get("ScalingConfig") or {}
        if "MaximumConcurrency" in scaling:
            return properties | {"ScalingConfig": {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}}
        return properties

    def create(logical_id: str, properties: dict, *more: Any, **named: Any) -> tuple:
        return plain_create(logical_id, numbered(properties), *more, **named)

    def update(physical_id: str, old: dict, new: dict, *more: Any, **named: Any) -> tuple:
        return plain_update(physical_id, old, numbered(new), *more, **named)

    lambda_svc._create_esm = call
    handler["create"], handler["update"] = create, update


def locked(plain: Callable[..., Any]) -> Callable[..., Any]:
    """The same, while nobody else touches a queue."""
    @functools.wraps(plain)
    def alone(*given: Any, **named: Any) -> Any:
        with sqs._queues_lock:
            return plain(*given, **named)
    return alone


def install() -> None:
    """In place of MiniStack's own, and with one lock around all changes: the thread that feeds functions
    replaces lists of messages, and what others did to them meanwhile was lost."""
    sqs._queues_lock = threading.RLock()
    for module, names in CHANGES.items():
        for name in names:
            plain = getattr(module, name)
            setattr(module, name, locked(plain))
            for action, handler in sqs._HANDLERS.items():
                if handler is plain:
                    sqs._HANDLERS[action] = getattr(module, name)
    sqs._receive_messages_for_esm = receive
    lambda_svc._run_sqs_batch = run_batch
    judge_mappings()
