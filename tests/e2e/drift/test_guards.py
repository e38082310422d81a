"""What keeps the function from writing: the kill switch, the breaker, the cap, and ECR's preview of lifecycle policies."""

from __future__ import annotations

from typing import Any

import pytest
from by_hand import DAY, careless, held, push
from captured import Topic
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


def test_a_tug_of_war_ends_with_the_third_flip_and_both_sides_are_named(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack, topic: Topic) -> None:
    name = lab.name("disputed")
    other = f"{oversight.own_role.rpartition('/')[0]}/their-pipeline"
    careless(cloud, name)
    oversight.baseline(baselines, rule(lab.project, ImageTagMutability="IMMUTABLE"), Mode="Enforce")
    seen = []
    for _ in range(4):
        cloud.client("ecr").put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
        oversight.hear(oversight.call("PutImageTagMutability", name, other))
        seen.append(lab.registry()[name]["mutability"])
    assert seen == ["IMMUTABLE", "IMMUTABLE", "MUTABLE", "MUTABLE"]
    # People are told once, not with every event.
    [notice] = topic.messages()
    print(f"\n{notice['Subject']}\n{notice['Message']}")
    assert name in notice["Subject"] + notice["Message"]
    withheld = checks(oversight.sweep(), name)["ImageTagMutability"]
    assert withheld["action"] == "withheld"
    for text in (notice["Message"], withheld["detail"]):
        assert other in text and oversight.own_role in text


def test_no_more_repositories_are_changed_than_the_cap_allows(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    names = [lab.name(f"loose-{number}") for number in range(3)]
    for name in names:
        careless(cloud, name)
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce", MaxChangesPerRun=2)
    report = oversight.sweep()
    left = [name for name in names if lab.registry()[name]["mutability"] == "MUTABLE"]
    assert len(left) == 1
    # One is left as a whole: nothing is mended by halves.
    found = checks(report, left[0])
    assert {one["action"] for one in found.values()} == {"withheld"}
    print(f"\n{found['ImageTagMutability']['detail']}")
    assert lab.registry()[left[0]]["lifecycle"] is None
    oversight.sweep()
    assert all(one["mutability"] == "IMMUTABLE" for one in lab.registry().values())
