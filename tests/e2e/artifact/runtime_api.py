"""Lambda's Runtime API, for one process: what it asks for and what it says, in the order it came."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
NEXT = "/2018-06-01/runtime/invocation/next"
INIT_ERROR = "/2018-06-01/runtime/init/error"
RESULT = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True)
class Said:
    """One thing that happened: `next`, `response`, `error`, `init/error` by the process, or its `exit`."""

    what: str
    invocation: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Handout:
    """An event as the process gets it."""

    invocation: str
    event: Any
    deadline: float
    function_arn: str


class RuntimeApi:
    """Listens from the moment it is made."""

    def __init__(self) -> None:
        self.said: queue.Queue[Said] = queue.Queue()
        self._events: queue.Queue[Handout | None] = queue.Queue()
        self._server = Server((HOST, 0), Handler)
        self._server.api = self
        self.address = f"{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Whoever still waits for an event is let go."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def hand_out(self, handout: Handout) -> None:
        """The next one who asks gets it."""
        self._events.put(handout)

    def next(self) -> Handout | None:
        """The event for a process that asks; None when there will be none."""
        self.said.put(Said("next"))
        handout = self._events.get()
        if handout is None:
            self._events.put(None)
        return handout


class Server(ThreadingHTTPServer):
    """A thread for each connection; a process that dies is noticed elsewhere."""

    daemon_threads = True
    api: RuntimeApi

    def handle_error(self, *_: Any) -> None:
        """Whatever a broken connection raises."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """The process wants its next event."""
        if self.path != NEXT:
            return self._say(404)
        handout = self.server.api.next()
        if handout is None:
            self.close_connection = True
            return None
        with contextlib.suppress(OSError):
            self._say(200, json.dumps(handout.event).encode(), {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": handout.invocation,
                "Lambda-Runtime-Deadline-Ms": str(int(handout.deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": handout.function_arn,
                "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{'0' * 24};Parent={'0' * 16};Sampled=0",
            })
        return None

    def do_POST(self) -> None:
        """The process says what became of an event, or that it cannot start."""
        body = self._body()
        found = RESULT.fullmatch(self.path)
        if found:
            said = Said(found[2], found[1], body)
        elif self.path == INIT_ERROR:
            said = Said("init/error", "", body)
        else:
            return self._say(404)
        # Before the process can go on, and perhaps end: what was said comes before what it does next.
        self.server.api.said.put(said)
        return self._say(202, b'{"status":"OK"}')

    def _body(self) -> bytes:
        """A body, in chunks or whole."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _say(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stays quiet."""
