"""How an invocation ends that its function does not end itself.

MiniStack notices that a bootstrap died, or is late, but words it in its own way,
lets a late one run on after a SIGTERM, and takes every other environment of the
function down with one that cannot start. AWS says what happened in texts that
responders read, kills at once, and leaves the others alone.
"""

from __future__ import annotations

import signal
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.lambda_runtime import ProvidedInitTimeout, ProvidedRuntimeError, ProvidedWorker

# What MiniStack says; a function that reports an error of its own says something else.
OWN_EXIT = {"errorMessage": "Runtime exited before returning a response", "errorType": "Runtime.ExitError"}
OWN_TIMEOUT = "Task timed out after"


def ending(code: int | None) -> str:
    """How a process ended, as Lambda words it."""
    if code is None or code == 0:
        return "Runtime exited without providing a reason"
    if code > 0:
        return f"Runtime exited with error: exit status {code}"
    name = signal.strsignal(-code) or f"signal {-code}"
    return f"Runtime exited with error: signal: {name.lower()}"


def payload(request_id: str, kind: str, text: str) -> dict[str, str]:
    """The response payload of an invocation that Lambda ended."""
    return {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {text}"}


def late(worker: ProvidedWorker) -> str:
    """The text of a timeout."""
    return f"Task timed out after {float(worker.config.get('Timeout', 3)):.2f} seconds"


def unstarted(worker: ProvidedWorker, problem: Exception, request_id: str) -> dict[str, Any]:
    """Why there was nobody to invoke."""
    if isinstance(problem, ProvidedInitTimeout):
        return payload(request_id, "Sandbox.Timedout", late(worker))
    if isinstance(problem, ProvidedRuntimeError):
        return payload(request_id, problem.error_type, str(problem))
    if isinstance(worker._init_error, dict):
        return worker._init_error
    if "bootstrap exited during init" in str(problem):
        return payload(request_id, "Runtime.ExitError", ending(worker.steward_exit))
    return payload(request_id, "Runtime.Unknown", str(problem))


def install() -> None:
    """Around every environment of a provided runtime."""
    plain_invoke, plain_teardown = ProvidedWorker.invoke, ProvidedWorker._teardown
    ProvidedWorker.steward_exit = None

    def teardown(worker: ProvidedWorker) -> None:
        process = worker._proc
        if process is not None:
            worker.steward_exit = process.poll()
            if worker.steward_exit is None and worker._current_request_id is not None:
                process.kill()
        plain_teardown(worker)

    def invoke(worker: ProvidedWorker, event: Any, request_id: str, **more: Any) -> dict[str, Any]:
        try:
            result = plain_invoke(worker, event, request_id, **more)
        except Exception as problem:  # noqa: BLE001 - an exception here would cost the other environments
            lambda_runtime.logger.warning("Lambda %s: %s", worker.func_name, problem)
            return {"status": "error", "error": str(problem), "log": "",
                    "error_payload": unstarted(worker, problem, request_id)}
        said = result.get("error_payload")
        if said == OWN_EXIT:
            result["error_payload"] = payload(request_id, "Runtime.ExitError", ending(worker.steward_exit))
        elif isinstance(said, dict) and str(said.get("errorMessage", "")).startswith(OWN_TIMEOUT):
            result["error_payload"] = payload(request_id, "Sandbox.Timedout", late(worker))
        return result

    ProvidedWorker.invoke, ProvidedWorker._teardown = invoke, teardown
