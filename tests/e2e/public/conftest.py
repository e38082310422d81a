"""The public gallery of the local AWS, beside a project of the test's own."""

from __future__ import annotations

from typing import Iterator

import pytest
from cloud import Cloud
from shelf import Shelf
from stacks import Lab


@pytest.fixture
def shelf(lab: Lab, cloud: Cloud) -> Iterator[Shelf]:
    """The gallery's repositories of the test's own project, none of which stays."""
    shelf = Shelf(lab, cloud)
    yield shelf
    shelf.clear()
