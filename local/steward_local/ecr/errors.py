"""Errors in the form the SDKs read: JSON 1.1 with a type and a message."""

from __future__ import annotations


class EcrError(Exception):
    """A refusal, on its way to the caller."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(place: str, constraint: str, code: str = "InvalidParameterException") -> EcrError:
    """The usual refusal of ECR: a place and what it fails to satisfy."""
    return EcrError(code, f"Invalid parameter at '{place}' failed to satisfy constraint: '{constraint}'")
