"""The bucket that answers of custom resources are put to.

Does what S3 does behind the signed URL (no Content-Type, conditional writes),
lets CloudFormation see only answers it could use, and keeps an account of every
URL for the tests: GET /_steward/answers lists it, DELETE empties it. No bucket
can have this name, so the path is in nobody's way.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

import ministack.app as app

from . import judgement

ANSWER_PATH = "/_ministack/cfn-response/"
CONTROL_PATH = "/_steward/answers"
# A local AWS that runs for days must not keep every answer it ever took.
KEPT = 4096


@dataclass
class Account:
    """What became of one signed URL."""

    request: dict[str, Any] = field(default_factory=dict)
    taken: int = 0
    refused: int = 0
    bodies: list[bytes] = field(default_factory=list)
    standing: bytes = b""
    flaw: str = ""

    def shown(self, token: str) -> dict[str, Any]:
        """As tests read it. `bodies` are the different ones, in the order they first came."""
        return {"token": token, "request": {key: value for key, value in self.request.items()
                                            if key != "ResponseURL"},
                "taken": self.taken, "refused": self.refused, "differing": len(self.bodies) > 1,
                "bodies": [text(body) for body in self.bodies],
                "standing": text(self.standing) if self.taken else None, "flaw": self.flaw}


_lock = threading.Lock()
_accounts: dict[str, Account] = {}


def expect(request: dict[str, Any]) -> str:
    """A request is about to be sent; gives the token of its URL."""
    token = str(request.get("ResponseURL", "")).rpartition("/")[2]
    with _lock:
        opened(token).request = request
    return token


def physical_id(token: str) -> str:
    """The id that was answered, whatever else was wrong with the answer."""
    with _lock:
        account = _accounts.get(token)
        body = account.standing if account else b""
    try:
        found = json.loads(body).get("PhysicalResourceId")
    except (ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""


def opened(token: str) -> Account:
    """The account of a URL. The caller holds the lock."""
    if token not in _accounts:
        while len(_accounts) >= KEPT:
            del _accounts[next(iter(_accounts))]
        _accounts[token] = Account()
    return _accounts[token]


def put(token: str, headers: dict[str, str], body: bytes) -> tuple[tuple | None, bytes]:
    """The refusal of S3, if any, or else what CloudFormation shall find."""
    with _lock:
        account = opened(token)
        if body not in account.bodies:
            account.bodies.append(body)
        refusal = refused(headers, account.taken > 0)
        if refusal:
            account.refused += 1
            return refusal, b""
        account.taken += 1
        account.standing = body
        account.flaw = judgement.flaw(body, account.request)
        return None, judgement.refusal(account.flaw) if account.flaw else body


def refused(headers: dict[str, str], exists: bool) -> tuple | None:
    """What S3 does not take: the signature first, then the condition."""
    if headers.get("content-type"):
        return error(403, "SignatureDoesNotMatch", "The signature does not cover a Content-Type.")
    condition = headers.get("if-none-match")
    if condition not in (None, "*"):
        return error(501, "NotImplemented",
                     "A header you provided implies functionality that is not implemented",
                     "<Header>If-None-Match</Header>")
    if condition and exists:
        return error(412, "PreconditionFailed",
                     "At least one of the pre-conditions you specified did not hold",
                     "<Condition>If-None-Match</Condition>")
    return None


def error(status: int, code: str, message: str, more: str = "") -> tuple:
    """An error of S3."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    return status, {"Content-Type": "application/xml"}, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def text(body: bytes) -> Any:
    """JSON where it is JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def control(method: str) -> tuple:
    """One request of a test."""
    # MiniStack writes into the headers it is given, so every response has its own.
    headers = {"Content-Type": "application/json"}
    with _lock:
        if method == "GET":
            shown = [one.shown(token) for token, one in _accounts.items()]
            return 200, headers, json.dumps(shown).encode()
        if method == "DELETE":
            # Who still waits for an answer must have its ids compared.
            for token in [token for token, one in _accounts.items() if one.taken or not one.request]:
                del _accounts[token]
            return 204, {}, b""
    return 405, headers, b'{"message": "GET or DELETE"}'


def install() -> None:
    """Stands before MiniStack's own handling of answers."""
    plain = app._handle_post_body_shortcuts

    async def handle(method: str, path: str, headers: dict, body: bytes, query_params: dict,
                     request_id: str) -> tuple | None:
        if path == CONTROL_PATH:
            return control(method)
        if method == "PUT" and path.startswith(ANSWER_PATH):
            refusal, body = put(path[len(ANSWER_PATH):], headers, body)
            if refusal:
                return refusal
        return await plain(method, path, headers, body, query_params, request_id)

    app._handle_post_body_shortcuts = handle
