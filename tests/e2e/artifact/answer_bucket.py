"""CloudFormation's bucket of answers: presigned PUTs, taken as strictly as S3 and CloudFormation together take them.

Each request gets a ticket with its URL. What S3 would refuse is refused as S3 does it; what S3 would take and
CloudFormation then choke on is refused too, and kept as a breach. A ticket can be told to fail in the ways a bucket
fails. Knows nothing of what is answered.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from answer_rules import Ids, flaws, parsed

HOST = "127.0.0.1"
ACCESS_KEY = "AKIAANSWERBUCKET"


@dataclass(frozen=True)
class Fault:
    """What one PUT meets instead of being taken, or besides."""

    status: int = 0
    # S3's own word for the status.
    code: str = "Injected"
    location: str = ""
    # The connection breaks before the body was read.
    reset_before: bool = False
    # The answer is stored, and nobody is told.
    reset_after: bool = False
    # The answer is stored, and it takes that long until somebody is told.
    slow: float = 0


@dataclass
class Attempt:
    """One request as it came, and the status it met; 0 is a broken connection, None is still waiting for its."""

    when: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    status: int | None = None


@dataclass
class Ticket:
    """One CloudFormation request that waits for its answer."""

    url: str
    target: str
    signature: str
    ids: Ids
    expires: float
    stored: bytes | None = None
    attempts: list[Attempt] = field(default_factory=list)
    _faults: deque[Fault] = field(default_factory=deque)
    _outage: Fault | None = None

    def fail(self, *faults: Fault) -> None:
        """The next PUTs meet these, one each."""
        self._faults.extend(faults)

    def fail_on(self, outage: Fault) -> None:
        """Every PUT meets it, until `heal`."""
        self._outage = outage

    def heal(self) -> None:
        """PUTs are taken again."""
        self._faults.clear()
        self._outage = None

    def due(self) -> Fault:
        """What the PUT that is just coming meets."""
        return self._faults.popleft() if self._faults else self._outage or Fault()

    def answer(self) -> dict[str, Any]:
        """The stored answer."""
        assert self.stored is not None, f"no answer was stored; attempts: {self.statuses()}"
        return parsed(self.stored)

    def statuses(self) -> list[int | None]:
        """What each PUT met."""
        return [attempt.status for attempt in self.attempts]

    def conditions(self) -> list[str | None]:
        """Under which condition each PUT came."""
        return [attempt.headers.get("if-none-match") for attempt in self.attempts]

    def secrets(self) -> list[str]:
        """What of the URL nobody may ever print."""
        return [self.signature, quote(self.signature, safe=""), f"{self.target.partition('?')[0]}?", ACCESS_KEY,
                f"{'|'.join(self.ids)}?"]


class AnswerBucket:
    """The bucket, on a port of its own. `tls` makes it https, under the name localhost."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        # What no client may ever do; empty in every good test.
        self.breaches: list[str] = []
        # Requests for "/": a client may look whether anybody is there.
        self.knocks: list[Attempt] = []
        self._tickets: dict[str, Ticket] = {}
        self._lock = threading.Lock()
        self._server = Server((HOST, 0), Handler)
        self._server.bucket = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.origin = f"{'https://localhost' if tls else f'http://{HOST}'}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Nobody is there any more."""
        self._server.shutdown()
        self._server.server_close()

    def ticket(self, stack_id: str, logical_id: str, request_id: str, lasts: float = 3600) -> Ticket:
        """A URL for one request's answer; it may have expired already."""
        expires = int(time.time() + lasts)
        signature = f"s3cr+t/{request_id[:8]}{request_id[-8:]}="
        key = quote(f"{stack_id}|{logical_id}|{request_id}", safe="/")
        target = f"/{key}?AWSAccessKeyId={ACCESS_KEY}&Expires={expires}&Signature={quote(signature, safe='')}"
        ticket = Ticket(self.origin + target, target, signature, (stack_id, logical_id, request_id), expires)
        with self._lock:
            self._tickets[target] = ticket
        return ticket

    def knocked(self, attempt: Attempt) -> None:
        """Anything but a PUT. Only a look at the door is allowed, and never with the key in the hand."""
        attempt.status = 405
        with self._lock:
            if attempt.method in ("HEAD", "GET") and attempt.path == "/":
                self.knocks.append(attempt)
            else:
                self.breaches.append(f"{attempt.method} of a URL that is only for a PUT")

    def addressed(self, attempt: Attempt) -> Ticket | None:
        """The ticket of a PUT; None where the URL is not one we gave away, byte for byte."""
        with self._lock:
            ticket = self._tickets.get(attempt.path)
            if ticket:
                ticket.attempts.append(attempt)
            else:
                self.breaches.append("PUT to a URL that was never given away")
            return ticket

    def admit(self, ticket: Ticket, headers: dict[str, str]) -> tuple[int, str]:
        """What S3 says of a PUT before it reads the body: a status and a code; 200 lets it in."""
        if headers.get("content-type"):
            return self._breach(403, "SignatureDoesNotMatch", "a Content-Type, which SigV2 signs")
        if "transfer-encoding" in headers or not headers.get("content-length", "").isdigit():
            return self._breach(411, "MissingContentLength", "no Content-Length")
        if time.time() > ticket.expires:
            return 403, "AccessDenied: Request has expired"
        return 200, ""

    def take(self, ticket: Ticket, attempt: Attempt) -> tuple[int, str]:
        """What becomes of a body: a status and a code."""
        found = flaws(attempt.body, ticket.ids)
        if found:
            return self._breach(400, "InvalidAnswer", "; ".join(found))
        with self._lock:
            if ticket.stored is not None and attempt.headers.get("if-none-match") == "*":
                return 412, "PreconditionFailed"
            earlier, ticket.stored = ticket.stored, attempt.body
        if earlier not in (None, attempt.body):
            self._breach(200, "", f"a second, different answer: {earlier!r}, then {attempt.body!r}")
        return 200, ""

    def _breach(self, status: int, code: str, what: str) -> tuple[int, str]:
        with self._lock:
            self.breaches.append(what)
        return status, code


class Server(ThreadingHTTPServer):
    """A thread for each connection; a client that goes away is nothing to report."""

    daemon_threads = True
    bucket: AnswerBucket

    def handle_error(self, *_: Any) -> None:
        """Whatever a broken connection raises."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_PUT(self) -> None:
        """An answer."""
        attempt, bucket = self._attempt(), self.server.bucket
        ticket = bucket.addressed(attempt)
        if ticket is None:
            return self._say(attempt, 403, "AccessDenied")
        fault = ticket.due()
        if fault.reset_before:
            return self._reset(attempt)
        status, code = bucket.admit(ticket, attempt.headers)
        if status != 200:
            # The rest of the connection cannot be read without knowing where the body ends.
            self.close_connection = True
            return self._say(attempt, status, code)
        attempt.body = self.rfile.read(int(attempt.headers["content-length"]))
        if fault.status:
            return self._say(attempt, fault.status, fault.code, fault.location)
        status, code = bucket.take(ticket, attempt)
        if fault.reset_after:
            return self._reset(attempt)
        time.sleep(fault.slow)
        return self._say(attempt, status, code)

    def _other(self) -> None:
        attempt = self._attempt()
        self.server.bucket.knocked(attempt)
        self._say(attempt, 405, "MethodNotAllowed")

    do_HEAD = do_GET = do_POST = do_DELETE = do_OPTIONS = do_PATCH = _other

    def _attempt(self) -> Attempt:
        headers = {key.lower(): value for key, value in self.headers.items()}
        return Attempt(time.time(), self.command, self.path, headers)

    def _say(self, attempt: Attempt, status: int, code: str, location: str = "") -> None:
        # First what tests look at, then what the client acts on.
        attempt.status = status
        body = f"<Error><Code>{code}</Code></Error>".encode() if code and self.command != "HEAD" else b""
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self, attempt: Attempt) -> None:
        attempt.status = 0
        self.close_connection = True
        # Lingering for no time makes the closing a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Stays quiet."""
