"""Queues that feed functions: which messages of a batch are done with.

A batch whose invocation fails stays invisible for the queue's VisibilityTimeout
and is dead-lettered after maxReceiveCount; that MiniStack does itself.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import lambda_svc, sqs

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


def install() -> None:
    """In place of MiniStack's own, and sending under the lock of receiving: the
    receiving thread replaces the list of messages, and one sent meanwhile was lost."""
    plain_send = sqs._act_send_message

    def send(data: dict[str, Any], queue_url: str) -> dict[str, Any]:
        with sqs._queues_lock:
            return plain_send(data, queue_url)

    sqs._act_send_message = send
    sqs._HANDLERS["SendMessage"] = send
    lambda_svc._run_sqs_batch = run_batch
