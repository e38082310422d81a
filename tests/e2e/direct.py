"""Requests delivered straight to the function, and a listener for its answers."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cloud import Cloud


class Listener:
    """Takes what is PUT to its URL, as the bucket of CloudFormation does."""

    def __init__(self, refusals: int = 0) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.refusals = refusals
        listener = self

        class Handler(BaseHTTPRequestHandler):
            """One PUT."""

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.headers.append({key.lower(): value for key, value in self.headers.items()})
                refused = listener.refusals > 0
                if refused:
                    listener.refusals -= 1
                else:
                    listener.bodies.append(body)
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Stays quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/answer?signature=secret"

    def answer(self) -> dict[str, Any]:
        """The only answer."""
        [body] = self.bodies
        assert len(body) <= 4096
        return json.loads(body)

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


def invoke(cloud: Cloud, payload: Any) -> tuple[Any, dict[str, Any] | None]:
    """Invokes the function and waits; what it returned, and its error where it failed."""
    answer = cloud.client("lambda").invoke(FunctionName=cloud.service_token, Payload=json.dumps(payload).encode())
    body = json.loads(answer["Payload"].read() or b"null")
    return (None, body) if answer.get("FunctionError") else (body, None)


def request(kind: str, stack_id: str, url: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request as CloudFormation makes it; None leaves a member out."""
    usual = {"RequestType": kind, "RequestId": str(uuid.uuid4()), "StackId": stack_id, "ResponseURL": url,
             "ResourceType": "Custom::EcrRepositories", "LogicalResourceId": "Fleet",
             "ResourceProperties": properties} | more
    return {key: value for key, value in usual.items() if value is not None}
