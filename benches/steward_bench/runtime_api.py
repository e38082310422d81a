"""Plays Lambda's Runtime API for one process. One thread and `select`: what it measures is not its own work."""

from __future__ import annotations

import json
import select
import socket
import time
import uuid
from typing import Any

from .wire import HOST, LARGEST_READ, Answer, Request, parse

NEXT = "/2018-06-01/runtime/invocation/next"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench"
# For a start, and for the fifty repositories of one event.
START_SECONDS, PATIENCE_SECONDS = 20, 120


class NoSign(Exception):
    """The process did not do what a function does."""


class RuntimeApi:
    """Listens from the moment it is made."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0), backlog=16)
        self._received: dict[socket.socket, bytes] = {}
        self._waiting: socket.socket | None = None
        self.address = f"{HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> RuntimeApi:
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._listener, *self._received]:
            one.close()

    def await_next(self, patience: float = START_SECONDS) -> int:
        """When the process asks for its next event."""
        connection, request = self._request(patience)
        if (request.method, request.path) != ("GET", NEXT):
            raise NoSign(f"instead of GET {NEXT} came {request.method} {request.path}: {request.body[:300]!r}")
        self._waiting = connection
        return request.when

    def deliver(self, event: Any, seconds: int = 900) -> int:
        """Hands out an event; when that was."""
        if self._waiting is None:
            raise NoSign("the process has not asked for an event")
        deadline = str(int((time.time() + seconds) * 1000))
        headers = (("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4())),
                   ("Lambda-Runtime-Deadline-Ms", deadline), ("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN))
        answer = Answer(200, json.dumps(event).encode(), headers).encoded()
        when = time.perf_counter_ns()
        self._waiting.sendall(answer)
        self._waiting = None
        return when

    def await_result(self, patience: float = PATIENCE_SECONDS) -> bytes:
        """What the function returned for the event."""
        connection, request = self._request(patience)
        connection.sendall(Answer(202).encoded())
        if not request.path.endswith("/response"):
            raise NoSign(f"the function failed: {request.path}: {request.body[:300]!r}")
        return request.body

    def _request(self, patience: float) -> tuple[socket.socket, Request]:
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            ready, _, _ = select.select([self._listener, *self._received], [], [], left)
            for one in ready:
                if one is self._listener:
                    one, _ = one.accept()
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._received[one] = b""
                    continue
                data = one.recv(LARGEST_READ)
                self._received[one] += data
                if found := parse(self._received[one]):
                    request, end = found
                    self._received[one] = self._received[one][end:]
                    return one, request
                if not data:
                    del self._received[one]
                    one.close()
        raise NoSign(f"the process said nothing for {patience:.0f} s")
