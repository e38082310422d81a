"""How many calls a second a service allows; as many as come unless a test says otherwise."""

from __future__ import annotations

import threading
import time
from typing import Any

SERVICES = ("ecr", "ecr-public", "distribution", "securityhub", "inspector2")


class Bucket:
    """Tokens of one service. A call that finds none takes nothing out."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._filled = time.monotonic()

    def take(self) -> bool:
        """One more call, now?"""
        now = time.monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Limits:
    """A bucket for all calls of each service that has a limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def set(self, wish: Any) -> None:
        """From the JSON of a test; the bucket is full. Raises ValueError with what is wrong."""
        known = ("calls_per_second", "burst")
        if not isinstance(wish, dict) or "calls_per_second" not in wish:
            raise ValueError("calls_per_second is required")
        service = wish.get("service", "ecr")
        if service not in SERVICES:
            raise ValueError(f"service is one of {', '.join(SERVICES)}")
        for key, value in wish.items():
            if key != "service" and (key not in known or isinstance(value, bool)
                                     or not isinstance(value, (int, float))):
                raise ValueError(f"{key}: unknown, or not a number")
        rate = float(wish["calls_per_second"])
        burst = float(wish.get("burst", max(rate, 1.0)))
        if not 0 < rate < float("inf") or not 1 <= burst < float("inf"):
            raise ValueError("calls_per_second has to be above 0, burst at least 1")
        with self._lock:
            self._buckets[service] = Bucket(rate, burst)

    def clear(self) -> None:
        """No limits."""
        with self._lock:
            self._buckets.clear()

    def shown(self) -> dict[str, Any]:
        """What is set for ECR, and below `services` for the others; nothing when there is no limit."""
        with self._lock:
            limits = {service: {"calls_per_second": one.rate, "burst": one.burst}
                      for service, one in self._buckets.items()}
        own = limits.pop("ecr", {})
        return own | ({"services": limits} if limits else {})

    def allows(self, service: str) -> bool:
        """One more call, now?"""
        with self._lock:
            bucket = self._buckets.get(service)
            return bucket is None or bucket.take()
