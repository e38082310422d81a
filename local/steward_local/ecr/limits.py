"""How many calls a second the service allows; as many as come unless a test says otherwise."""

from __future__ import annotations

import threading
import time
from typing import Any


class Limits:
    """One token bucket for all calls. A call that finds it empty takes nothing out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate = 0.0
        self._burst = 0.0
        self._tokens = 0.0
        self._filled = 0.0

    def set(self, wish: Any) -> None:
        """From the JSON of a test; the bucket is full. Raises ValueError with what is wrong."""
        known = ("calls_per_second", "burst")
        if not isinstance(wish, dict) or "calls_per_second" not in wish:
            raise ValueError("calls_per_second is required")
        for key, value in wish.items():
            if key not in known or isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{key}: unknown, or not a number")
        rate = float(wish["calls_per_second"])
        burst = float(wish.get("burst", max(rate, 1.0)))
        if not 0 < rate < float("inf") or not 1 <= burst < float("inf"):
            raise ValueError("calls_per_second has to be above 0, burst at least 1")
        with self._lock:
            self._rate, self._burst, self._tokens, self._filled = rate, burst, burst, time.monotonic()

    def clear(self) -> None:
        """No limit."""
        with self._lock:
            self._rate = 0.0

    def shown(self) -> dict[str, float]:
        """What is set; nothing when there is no limit."""
        with self._lock:
            return {"calls_per_second": self._rate, "burst": self._burst} if self._rate else {}

    def allows(self) -> bool:
        """One more call, now?"""
        with self._lock:
            if not self._rate:
                return True
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
