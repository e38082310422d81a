"""One request about one repository."""

from __future__ import annotations

from dataclasses import dataclass

from moto.ecr.models import ECRBackend, Repository
from werkzeug.wrappers import Request


@dataclass
class Call:
    """What all operations are given. The path is that of the repository, as the client wrote it."""

    request: Request
    body: bytes
    state: ECRBackend
    repository: Repository
    path: str
    reference: str
