"""Functions for a test, with more or fewer variables than usual, that end with the test."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from runtime import Function


class Launch:
    """Makes them. `responder` is only asked for where a test wants one."""

    def __init__(self, bootstrap: Path, variables: dict[str, str], place: Path,
                 responder: Callable[[], Function], name: str = "custom-resource") -> None:
        self._bootstrap, self._variables, self._place, self._responder = bootstrap, variables, place, responder
        self._name = name
        self._made: list[Function] = []

    def alone(self, data_limit: int | None = None, **more: str | None) -> Function:
        """One for which nobody answers. A variable that is None is not set."""
        return self._function(None, data_limit, more)

    def answered_for(self, **more: str | None) -> Function:
        """One with the responder on its failure destination."""
        return self._function(self._responder(), None, more)

    def close(self) -> None:
        """Ends them all."""
        for function in self._made:
            function.close()

    def _function(self, on_failure: Function | None, data_limit: int | None, more: dict[str, str | None]) -> Function:
        wished = {name: value for name, value in (self._variables | more).items() if value is not None}
        function = Function(self._name, [str(self._bootstrap)], wished, self._place, on_failure, data_limit)
        self._made.append(function)
        return function
