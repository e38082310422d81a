"""Counts what was called and injects the failures a test asks for."""

from __future__ import annotations

import fnmatch
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

Counts = dict[str, dict[str, int]]
# A local AWS that runs for days must not keep the size of every call.
KEPT_SIZES = 20_000
STATUSES = {"ServerException": 500, "InternalFailure": 500, "InternalException": 500,
            "InvalidAccessException": 401, "TooManyRequestsException": 429}
# Names that ECR has too, with 400.
HUB_STATUSES = {"LimitExceededException": 429, "AccessDeniedException": 403}


@dataclass
class Fault:
    """A failure that answers instead of the service."""

    operation: str
    error: str
    message: str
    status: int
    times: int
    after: int
    repository: str
    delay: float

    @classmethod
    def of(cls, wish: Any) -> Fault:
        """From the JSON of a test. Raises ValueError with what is wrong."""
        known = {"operation": str, "error": str, "message": str, "status": int, "times": int,
                 "after": int, "repository": str, "delay_ms": int}
        if not isinstance(wish, dict):
            raise ValueError("a fault is a JSON object")
        for key, value in wish.items():
            if key not in known or not isinstance(value, known[key]) or isinstance(value, bool):
                raise ValueError(f"{key}: unknown, or not of type {known.get(key, str).__name__}")
        if not wish.get("operation"):
            raise ValueError("operation is required")
        error = wish.get("error", "")
        statuses = STATUSES | (HUB_STATUSES if wish["operation"].endswith("Findings")
                               and wish["operation"] != "DescribeImageScanFindings" else {})
        default_status = statuses.get(error, 400)
        throttled = ("ThrottlingException", "TooManyRequestsException")
        default_text = "Rate exceeded" if error in throttled else f"Injected {error}"
        return cls(wish["operation"], error, wish.get("message", default_text),
                   wish.get("status", default_status), wish.get("times", 1), wish.get("after", 0),
                   wish.get("repository", "*"), wish.get("delay_ms", 0) / 1000)


class Journal:
    """Shared by all request threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._refused: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._throttled: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        # By service and operation together, then by repository.
        self._succeeded: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._sizes: dict[tuple[str, str], deque[dict[str, int]]] = defaultdict(lambda: deque(maxlen=KEPT_SIZES))

    def called(self, service: str, operation: str) -> None:
        """A request has arrived, whatever becomes of it."""
        with self._lock:
            self._calls[service][operation] += 1

    def refused(self, service: str, operation: str) -> None:
        """It was answered with an error."""
        with self._lock:
            self._refused[service][operation] += 1

    def throttled(self, service: str, operation: str) -> None:
        """It was over the limit, and reached nothing."""
        with self._lock:
            self._throttled[service][operation] += 1

    def succeeded(self, service: str, operation: str, repositories: list[str]) -> None:
        """It did what it was asked, to these repositories or to none."""
        with self._lock:
            for name in repositories or [""]:
                self._succeeded[service, operation][name] += 1

    def sized(self, service: str, operation: str, body: bytes, given: Any, status: int) -> None:
        """How much it brought, and how it was answered."""
        items = sum(len(one) for one in given.values() if isinstance(one, list)) if isinstance(given, dict) else 0
        with self._lock:
            self._sizes[service, operation].append({"items": items, "bytes": len(body), "status": status})

    def sizes(self) -> dict[str, dict[str, list[dict[str, int]]]]:
        """Of every call since the last reset, in the order of their answers."""
        shown: dict[str, dict[str, list[dict[str, int]]]] = defaultdict(dict)
        with self._lock:
            for (service, operation), entries in sorted(self._sizes.items()):
                shown[service][operation] = list(entries)
        return shown

    def calls(self) -> Counts:
        """Everything that arrived since the last reset."""
        return self._copy(self._calls)

    def refusals(self) -> Counts:
        """The part of it that was answered with an error."""
        return self._copy(self._refused)

    def throttles(self) -> Counts:
        """The part of the refusals that is the limit's."""
        return self._copy(self._throttled)

    def successes(self, service: str) -> Counts:
        """Of one service: how often each operation did its work for each repository.
        Calls about no repository in particular are under the empty name."""
        with self._lock:
            return {operation: dict(sorted(entries.items()))
                    for (one, operation), entries in sorted(self._succeeded.items()) if one == service}

    def reset(self) -> None:
        """Counts from nought again; faults stay."""
        with self._lock:
            for counts in (self._calls, self._refused, self._throttled, self._succeeded, self._sizes):
                counts.clear()

    def inject(self, fault: Fault) -> None:
        """From now on."""
        with self._lock:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        """No failures but real ones."""
        with self._lock:
            self._faults.clear()

    def fault(self, operation: str, repositories: list[str]) -> Fault | None:
        """The failure due for this request, if any, and one less of it to come."""
        with self._lock:
            for fault in self._faults:
                if fault.operation not in (operation, "*") or fault.times < 1:
                    continue
                if fault.repository != "*" and not any(
                        fnmatch.fnmatchcase(name, fault.repository) for name in repositories):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def _copy(self, counts: dict[str, dict[str, int]]) -> Counts:
        with self._lock:
            return {service: dict(sorted(entries.items())) for service, entries in sorted(counts.items())}
