"""Names that leave a declaration: released while the stack moves, finished by the function's own delayed queue."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from cloud import Cloud, until
from foreign import foreign
from stacks import Lab, Stack
from stories import Stories

STORIES = Stories()
RELEASED = "ecr-steward:released"
# First look after ten seconds.
SOON = 30


def gone(lab: Lab, *names: str) -> None:
    """Waits until the queue has finished these repositories."""
    until(lambda: not lab.registry().keys() & set(names), f"{names} gone", SOON)


def said(cloud: Cloud, stack: Stack, message: str) -> list[dict]:
    """The lines the function logged about the stack with this message."""
    return [line for line in cloud.log(stack.id) if line["message"] == message]


def settled(cloud: Cloud, stack: Stack) -> None:
    """Waits until the function has looked after what was released."""
    what = "released repositories are settled"
    until(lambda: said(cloud, stack, what), what, SOON, 0.3)


@STORIES.tell
def a_removed_name_is_released_and_deleted_after_the_update(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "old")})
    kept = lab.registry()[lab.name("orders")]
    before = lab.registry()[lab.name("old")]
    stack.update({"Fleet": lab.fleet("orders")})
    released = lab.registry()[lab.name("old")]
    at = datetime.fromisoformat(released["tags"].pop(RELEASED).replace("Z", "+00:00"))
    assert abs((datetime.now(timezone.utc) - at).total_seconds()) < 60
    assert released == before
    gone(lab, lab.name("old"))
    registry, parameters = lab.everything()
    assert registry == {lab.name("orders"): kept}
    until(lambda: set(cloud.parameters(lab.project)) == {"dev/orders/url"}, "its parameter gone")


# Rows: 27.
@STORIES.tell
def nothing_is_deleted_while_the_stack_is_still_moving(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "old")})
    # A sibling holds the update open until the function has had its first look.
    cloud.inject("CreateRepository", repository=lab.name("*", "slow"), delay_ms=20_000)
    stack.begin_update({"Fleet": lab.fleet("orders"),
                        "Slow": lab.fleet("thing", Environment="slow") | {"DependsOn": "Fleet"}})
    looked = "looking again later"
    [line] = until(lambda: said(cloud, stack, looked), looked, SOON, 0.2)
    assert "the stack is UPDATE_IN_PROGRESS" in line["why"]
    assert RELEASED in lab.registry()[lab.name("old")]["tags"]
    stack.wait("UPDATE_COMPLETE")
    until(lambda: lab.name("old") not in lab.registry(), "the second look", 45)
    assert set(lab.registry()) == {lab.name("orders"), lab.name("thing", "slow")}


@STORIES.tell
def a_removed_name_with_images_is_kept_and_can_be_claimed_back(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full")})
    name = lab.name("full")
    digest = cloud.push_image(name, "v1")
    whole = lab.registry()[name]
    stack.update({"Fleet": lab.fleet("orders")})
    settled(cloud, stack)
    [line] = said(cloud, stack, "a released repository is kept")
    assert line["kept"] == f"{name} still holds images and is kept"
    kept = lab.registry()[name]
    assert RELEASED in kept["tags"]
    assert kept | {"tags": None} == whole | {"tags": None}
    assert "dev/full/url" in cloud.parameters(lab.project)
    stack.update({"Fleet": lab.fleet("orders", "full")})
    assert lab.registry()[name] == whole
    assert list(lab.registry()[name]["images"]) == [digest]
    decided = said(cloud, stack, "request decided")[-1]
    assert f"claimed back: {name}" in decided["reason"]


@STORIES.tell
def a_name_claimed_back_at_once_survives_the_late_look(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "wanted")})
    before = lab.everything()
    stack.update({"Fleet": lab.fleet("orders")})
    stack.update({"Fleet": lab.fleet("orders", "wanted")})
    settled(cloud, stack)
    assert lab.everything() == before


@STORIES.tell
def empty_on_delete_lets_images_go(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full", EmptyOnDelete="true")})
    cloud.push_image(lab.name("full"), "v1")
    stack.update({"Fleet": lab.fleet("orders", EmptyOnDelete="true")})
    gone(lab, lab.name("full"))


# Rows: 27.
@STORIES.tell
def consent_given_only_with_the_removal_does_not_count(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full")})
    cloud.push_image(lab.name("full"), "v1")
    stack.update({"Fleet": lab.fleet("orders", EmptyOnDelete="true")})
    settled(cloud, stack)
    assert lab.registry()[lab.name("full")]["images"]


@STORIES.tell
def on_remove_retain_hands_the_repository_back(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "mine")})
    cloud.push_image(lab.name("mine"), "v1")
    before = lab.registry()[lab.name("mine")]
    stack.update({"Fleet": lab.fleet("orders", OnRemove="Retain")})
    settled(cloud, stack)
    after = lab.registry()[lab.name("mine")]
    assert after["tags"] == {"Project": lab.project, "Environment": "dev"}
    assert after | {"tags": None} == before | {"tags": None}
    assert set(cloud.parameters(lab.project)) == {"dev/orders/url"}


# Rows: 22.
@STORIES.tell
def a_change_of_environment_renames_all(lab: Lab, cloud: Cloud) -> None:
    stack, names = lab.stack(), ("orders", "customers")
    stack.create({"Fleet": lab.fleet(*names)}, outputs={"Orders": ["Fleet", "Url.orders"]})
    physical_id, old = stack.physical_id(), [lab.name(name) for name in names]
    new = [lab.name(name, "prod") for name in names]
    stack.update({"Fleet": lab.fleet(*names, Environment="prod")}, outputs={"Orders": ["Fleet", "Url.orders"]})
    assert stack.physical_id() == physical_id
    assert stack.outputs()["Orders"].endswith(f"/{new[0]}")
    found = lab.registry()
    assert set(found) == {*old, *new}
    assert all(RELEASED in found[name]["tags"] for name in old)
    assert all(found[name]["tags"]["Environment"] == "prod" for name in new)
    gone(lab, *old)
    until(lambda: set(cloud.parameters(lab.project)) == {"prod/orders/url", "prod/customers/url"}, "parameters follow")
    assert set(lab.registry()) == set(new)


@STORIES.tell
def no_longer_publishing_removes_the_parameters(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    before = lab.registry()
    stack.update({"Fleet": lab.fleet("orders", PublishParameters="false")})
    until(lambda: cloud.parameters(lab.project) == {}, "the parameters gone", SOON)
    assert lab.registry() == before


@STORIES.tell
def a_stack_deleted_before_the_first_look_takes_released_ones_along(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "old", "full")})
    cloud.push_image(lab.name("full"), "v1")
    stack.update({"Fleet": lab.fleet("orders")})
    stack.delete()
    registry, parameters = lab.everything()
    assert set(registry) == {lab.name("full")}
    assert not [key for key in registry[lab.name("full")]["tags"] if key.startswith("ecr-steward:")]
    assert parameters == {}


@STORIES.tell
def removing_an_adopted_name_hands_it_back(lab: Lab, cloud: Cloud) -> None:
    before = foreign(lab, cloud, "orders")
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "new", AdoptExisting=True, EmptyOnDelete=True)})
    stack.update({"Fleet": lab.fleet("new", EmptyOnDelete=True)})
    tags = until(lambda: (found := lab.registry()[lab.name("orders")]["tags"]) and "ManagedBy" not in found and found,
                 "it is handed back")
    assert tags == before["tags"] | {"Environment": "dev"}
    assert lab.registry()[lab.name("orders")]["images"] == before["images"]


@pytest.mark.parametrize("story", STORIES.names)
def test_removal(cloud: Cloud, story: str) -> None:
    STORIES.outcome(cloud, story)
