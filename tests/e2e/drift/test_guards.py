"""What keeps the function from writing: the kill switch, and ECR's own preview of a lifecycle policy."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import DAY, careless, held, push
from cloud import Cloud
from oversight import Oversight, checks, rule
from stacks import Lab, Stack
from test_by_hand import REQUIRED

KEEP_ONE: dict[str, Any] = {"rules": [{
    "rulePriority": 1, "description": "only the newest stays", "action": {"type": "expire"},
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}}]}


@pytest.mark.parametrize("word", ["report-only", "off", "on, please"])
def test_the_kill_switch_ends_all_writing(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack, word: str) -> None:
    name = lab.name("wrong")
    careless(cloud, name)
    before = lab.everything()
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    oversight.switch(word)
    with oversight.calls() as calls, cloud.counting() as writes:
        oversight.hear(oversight.call("CreateRepository", name))
    assert writes == {}
    assert lab.everything() == before
    assert oversight.letters() == []
    if word == "off":
        assert calls == {}, "nothing is even looked at"
    else:
        assert calls, "it is looked at"
        withheld = checks(oversight.sweep(), name)
        assert {one["action"] for one in withheld.values()} == {"withheld"}
        assert all("kill switch" in one["detail"] for one in withheld.values()), withheld
    oversight.forget_switch()
    oversight.hear(oversight.call("CreateRepository", name))
    assert lab.registry()[name]["mutability"] == "IMMUTABLE"


def test_a_lifecycle_policy_that_would_expire_most_images_is_refused_and_the_rest_is_mended(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    name = lab.name("full")
    careless(cloud, name)
    for number in range(4):
        push(cloud, name, str(number), f"v{number}", (number + 1) * DAY)
    before = held(cloud, name)
    oversight.baseline(baselines, rule(lab.project, **REQUIRED | {"LifecyclePolicy": KEEP_ONE}), Mode="Enforce")
    oversight.hear(oversight.call("CreateRepository", name))
    now = lab.registry()[name]
    assert (now["lifecycle"], now["mutability"], now["scan"]) == (None, "IMMUTABLE", True)
    assert held(cloud, name) == before
    withheld = checks(oversight.sweep(), name)["LifecyclePolicy"]
    print(f"\n{withheld['detail']}")
    assert (withheld["status"], withheld["action"]) == ("fail", "withheld")
    assert "3" in withheld["detail"] and "4" in withheld["detail"]


def test_one_that_would_expire_a_protected_tag_is_refused(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    name = lab.name("full")
    careless(cloud, name)
    push(cloud, name, "old", "latest", 9 * DAY)
    for number in range(3):
        push(cloud, name, str(number), f"v{number}", number)
    third = KEEP_ONE["rules"][0] | {"selection": KEEP_ONE["rules"][0]["selection"] | {"countNumber": 3}}
    oversight.baseline(baselines, rule(lab.project, LifecyclePolicy={"rules": [third]}), Mode="Enforce")
    oversight.hear(oversight.call("CreateRepository", name))
    assert lab.registry()[name]["lifecycle"] is None
    withheld = checks(oversight.sweep(), name)["LifecyclePolicy"]
    print(f"\n{withheld['detail']}")
    assert withheld["action"] == "withheld" and "latest" in withheld["detail"]


def test_without_a_preview_only_the_lifecycle_step_is_withheld(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    name = lab.name("full")
    careless(cloud, name)
    push(cloud, name, "one", "v1")
    cloud.control("PUT", "previews", {"seconds": 0, "status": "FAILED"})
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    oversight.hear(oversight.call("CreateRepository", name))
    now = lab.registry()[name]
    assert (now["lifecycle"], now["mutability"], now["tags"]["owner"]) == (None, "IMMUTABLE", "platform")
    cloud.control("DELETE", "previews")
    oversight.hear(oversight.call("PutImageTagMutability", name))
    assert lab.registry()[name]["lifecycle"] is not None
