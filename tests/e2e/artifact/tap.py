"""Stands between a function and its services: names every call, and holds one so that the caller can die at it."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

HOST = "127.0.0.1"
IMPORT = "/findings/import"
# Not handed on: they are about one connection.
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


@dataclass(frozen=True)
class Call:
    """What was asked for, and of which object."""

    operation: str
    about: str = ""


@dataclass
class Stop:
    """The call that is to be held: before it is carried out, or after that and unanswered."""

    operation: str
    about: str
    is_after: bool
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = 60) -> None:
        """Until the function waits for its answer."""
        assert self.reached.wait(seconds), f"no {self.operation} within {seconds} s"


class Tap:
    """On a port of its own."""

    def __init__(self, services: str, hub: str) -> None:
        self.calls: list[Call] = []
        self.services, self.hub = (urlsplit(one).netloc for one in (services, hub))
        self._stop: Stop | None = None
        self._lock = threading.Lock()
        self._server = Server((HOST, 0), Handler)
        self._server.tap = self
        url = f"http://{HOST}:{self._server.server_port}"
        self.variables = {"AWS_ENDPOINT_URL": url, "AWS_ENDPOINT_URL_SECURITYHUB": url}
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self, operation: str, about: str = "", is_after: bool = True) -> Stop:
        """Holds the next such call."""
        self._stop = Stop(operation, about, is_after)
        return self._stop

    def counted(self) -> Counter[str]:
        """How often each operation was called; those of S3 by the room their object lies in."""
        rooms = [f"{call.operation} {'/'.join(call.about.split('/')[:2])}".strip() for call in self.calls]
        return Counter(rooms)

    def came(self, call: Call) -> Stop | None:
        """Notes a call; the stop that is meant for it, which is used up then."""
        with self._lock:
            self.calls.append(call)
            stop = self._stop
            if stop and stop.operation == call.operation and call.about.startswith(stop.about):
                self._stop = None
                return stop
        return None

    def close(self) -> None:
        """Nobody is there any more."""
        self._server.shutdown()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    """A thread for each connection; one that breaks is nothing to report."""

    daemon_threads = True
    tap: Tap

    def handle_error(self, *_: object) -> None:
        """Whatever a broken connection raises."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        stop = self.server.tap.came(self._named(body))
        if stop and not stop.is_after:
            return self._hold(stop)
        status, headers, answer = self._ask(body)
        if stop:
            return self._hold(stop)
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)
        return None

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on

    def _named(self, body: bytes) -> Call:
        path = urlsplit(self.path)
        target = self.headers.get("X-Amz-Target", "")
        if target:
            return Call(target.rpartition(".")[2])
        if path.path == IMPORT:
            return Call("BatchImportFindings")
        if "form-urlencoded" in self.headers.get("Content-Type", ""):
            return Call(parse_qs(body.decode())["Action"][0])
        _, _, key = unquote(path.path).lstrip("/").partition("/")
        if not key:
            return Call("ListObjectsV2", parse_qs(path.query).get("prefix", [""])[0])
        return Call(f"{self.command.capitalize()}Object", key)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        tap = self.server.tap
        connection = http.client.HTTPConnection(tap.hub if self.path == IMPORT else tap.services, timeout=120)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            connection.request(self.command, self.path, body or None, headers | {"Content-Length": str(len(body))})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _hold(self, stop: Stop) -> None:
        stop.reached.set()
        stop.let_go.wait(60)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stays quiet."""
