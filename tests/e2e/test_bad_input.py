"""Everything that must be refused: the reason as CloudFormation shows it, and not one write.

All stacks run at the same time, a few at once, since none of them may change anything; each row is then a test.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Iterator

import pytest
from bad_inputs import ROWS, Row
from cloud import Cloud
from stacks import Lab

AT_ONCE = 4


@dataclass
class Refusals:
    """What came of the table."""

    reasons: dict[str, str]
    statuses: dict[str, str]
    writes: dict[str, int]
    versions: tuple[dict[str, int], dict[str, int]]
    left: dict[str, Any]


@pytest.fixture(scope="module")
def refusals(cloud: Cloud) -> Iterator[Refusals]:
    """Every row as a stack of its own."""
    lab = Lab(cloud, f"e2e-{uuid.uuid4().hex[:8]}")
    reasons, statuses = {}, {}

    def refuse(numbered: tuple[int, Row]) -> None:
        number, (name, change, _) = numbered
        stack = lab.stack(f"-{number}")
        stack.begin_create({"Fleet": lab.fleet("orders", "carts", **change)})
        statuses[name] = stack.at_rest()
        reasons[name] = stack.failures().get("Fleet", "")

    before = cloud.versions()
    with cloud.counting() as writes, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(refuse, enumerate(ROWS)))
    yield Refusals(reasons, statuses, writes, (before, cloud.versions()), lab.registry())
    lab.end()


# Rows: 10.
@pytest.mark.parametrize("name, words", [(name, words) for name, _, words in ROWS], ids=[row[0] for row in ROWS])
def test_the_reason_names_the_place_and_the_remedy(refusals: Refusals, name: str, words: list[str]) -> None:
    reason = refusals.reasons[name]
    print(f"{name}: {reason}")
    assert refusals.statuses[name] == "ROLLBACK_COMPLETE"
    assert "in the properties; nothing was changed." in reason
    for word in words:
        assert word in reason


def test_nothing_at_all_was_written(refusals: Refusals) -> None:
    assert refusals.writes == {}
    before, after = refusals.versions
    assert after == before
    assert refusals.left == {}


# Rows: 13.
def test_a_type_that_is_not_served_is_refused(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    with cloud.counting() as writes:
        stack.create({"Fleet": lab.fleet("orders") | {"Type": "Custom::EcrRepository"}}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert '"Custom::EcrRepository" is not served here' in reason
    assert "Custom::EcrRepositories" in reason
    assert writes == {}


def test_an_update_to_every_kind_of_nonsense_is_undone(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "carts")})
    before = lab.everything()
    with cloud.counting() as writes:
        for name, change, words in ROWS[::12]:
            stack.update({"Fleet": lab.fleet("orders", "carts", **change)}, expect="UPDATE_ROLLBACK_COMPLETE")
            assert words[0] in stack.reason_of_failure(), name
    assert writes == {}
    assert lab.everything() == before
