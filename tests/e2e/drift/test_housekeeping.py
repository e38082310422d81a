"""Untagged images: the newest stay, and so does whatever something else needs."""

from __future__ import annotations

import pytest
from by_hand import DAY, HOUR, MANIFEST, held, push, push_index
from cloud import Cloud
from oversight import Oversight
from stacks import Lab

MOST = 2


@pytest.fixture
def kept(lab: Lab) -> str:
    """A repository whose fleet keeps so many untagged images, and says nothing about drift."""
    lab.stack().create({"Fleet": lab.fleet("api", MaxUntaggedImages=MOST, EmptyOnDelete=True)})
    return lab.name("api")


def test_after_a_push_the_newest_untagged_images_stay(cloud: Cloud, oversight: Oversight, kept: str) -> None:
    loose = [push(cloud, kept, f"loose {age}", age=age * HOUR) for age in range(2, 9)]
    tagged = push(cloud, kept, "release", "v1", 40 * DAY)
    child = push(cloud, kept, "child", age=30 * DAY)
    index = push_index(cloud, kept, [child], "v2", 30 * DAY)
    signature = push(cloud, kept, "signature", age=30 * DAY,
                     subject={"mediaType": MANIFEST, "digest": tagged, "size": 1})
    oversight.hear(oversight.push(kept, tagged, "v1"))
    assert held(cloud, kept) == {*loose[:MOST], tagged, child, index, signature}
    with cloud.counting() as writes:
        oversight.hear(oversight.push(kept, tagged, "v1"))
    assert writes == {}
    assert oversight.letters() == []


def test_a_push_for_several_platforms_in_flight_is_not_touched(
        cloud: Cloud, oversight: Oversight, kept: str) -> None:
    """Its children come first, untagged; the list that refers to them comes last."""
    children = []
    for platform in ("amd64", "arm64", "arm/v7", "s390x"):
        children.append(push(cloud, kept, platform))
        oversight.hear(oversight.push(kept, children[-1]))
        assert held(cloud, kept) == set(children)
    index = push_index(cloud, kept, children, "v1")
    oversight.hear(oversight.push(kept, index, "v1"))
    assert held(cloud, kept) == {*children, index}


def test_a_sweep_does_it_too_and_the_kill_switch_ends_it(cloud: Cloud, oversight: Oversight, kept: str) -> None:
    loose = [push(cloud, kept, f"loose {age}", age=age * HOUR) for age in range(2, 7)]
    oversight.switch("report-only")
    oversight.sweep()
    assert held(cloud, kept) == set(loose)
    oversight.forget_switch()
    oversight.sweep()
    assert held(cloud, kept) == set(loose[:MOST])
