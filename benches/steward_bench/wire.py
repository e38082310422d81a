"""As much HTTP/1.1 as the servers of the benchmarks need, on plain sockets: nothing between us and the clock."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable

HOST = "127.0.0.1"
LARGEST_READ = 1 << 16


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    # When its last byte had arrived, in nanoseconds of `time.perf_counter_ns`.
    when: int


@dataclass(frozen=True)
class Answer:
    """What to say to it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    # Of the body that a GET would get, in the answer to a HEAD.
    length: int | None = None

    def encoded(self) -> bytes:
        """The bytes to send."""
        length = len(self.body) if self.length is None else self.length
        lines = [f"HTTP/1.1 {self.status} Bench", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


def json_answer(value: Any, status: int = 200, content_type: str = "application/x-amz-json-1.1") -> Answer:
    """An answer as the JSON services give it."""
    return Answer(status, json.dumps(value).encode(), (("Content-Type", content_type),))


def parse(received: bytes) -> tuple[Request, int] | None:
    """The first request in these bytes and its length; None while it is incomplete."""
    when = time.perf_counter_ns()
    head, found, _ = received.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    begin = len(head) + 4
    if headers.get("transfer-encoding", "").lower() == "chunked":
        chunks = unchunked(received, begin)
        if chunks is None:
            return None
        body, end = chunks
    else:
        end = begin + int(headers.get("content-length", "0"))
        if len(received) < end:
            return None
        body = received[begin:end]
    return Request(method, path, headers, body, when), end


def unchunked(received: bytes, at: int) -> tuple[bytes, int] | None:
    """A chunked body and where it ends; None while it is incomplete."""
    body = b""
    while True:
        line_end = received.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(received[at:line_end].partition(b";")[0], 16)
        at = line_end + 2
        if len(received) < at + size + 2:
            return None
        body += received[at:at + size]
        at += size + 2
        if size == 0:
            return body, at


class Service:
    """A server on the loopback: a thread for each connection, kept alive as AWS keeps them."""

    def __init__(self, respond: Callable[[Request], Answer], tls: ssl.SSLContext | None = None,
                 sent: Callable[[Request, int], None] = lambda request, when: None):
        self._respond, self._tls, self._sent = respond, tls, sent
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self._connections: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        # Connections that came as far as a request could be read.
        self.opened = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where to reach it. The name is what the certificate is for."""
        return f"https://localhost:{self.port}" if self._tls else f"http://{HOST}:{self.port}"

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        for one in [self._listener, *self._connections]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            self.opened += 1
            received = b""
            while data := stream.recv(LARGEST_READ):
                received += data
                while found := parse(received):
                    request, end = found
                    received = received[end:]
                    stream.sendall(self._respond(request).encoded())
                    self._sent(request, time.perf_counter_ns())
        connection.close()
