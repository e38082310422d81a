"""Stack operations that fail elsewhere: afterwards the world is as it was before, to the last tag."""

from __future__ import annotations

import pytest
from cloud import Cloud, until
from foreign import foreign
from stacks import Lab
from stories import Stories

STORIES = Stories()


# Rows: 26.
@STORIES.tell
def an_update_undone_by_a_sibling_leaves_every_setting_as_it_was(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers", "going", Tags={"team": "a"},
                                     PullPrincipals=["444455556666"])})
    cloud.push_image(lab.name("orders"), "v1")
    cloud.push_image(lab.name("going"), "v2")
    before = lab.everything()
    changed = lab.fleet("orders", "customers", "added", ImageTagMutability="IMMUTABLE", MaxImageCount=3,
                        ScanOnPush="false", Tags={"cost": "7"}, PushPrincipals=["444455556666"])
    stack.update({"Fleet": changed, "Sibling": lab.refused()}, expect="UPDATE_ROLLBACK_COMPLETE")
    assert "Environment" in stack.reason_of_failure("Sibling")
    registry = lab.registry()
    assert "ecr-steward:released" in registry.pop(lab.name("added"))["tags"]
    assert registry == before[0]
    lab.returns_to(before)


# Rows: 22.
@STORIES.tell
def a_rename_undone_brings_the_old_names_back(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full")})
    cloud.push_image(lab.name("full"), "v1")
    before = lab.everything()
    stack.update({"Fleet": lab.fleet("orders", "full", Environment="prod"), "Sibling": lab.refused()},
                 expect="UPDATE_ROLLBACK_COMPLETE")
    lab.returns_to(before)
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"


@STORIES.tell
def what_was_pushed_to_an_added_name_is_not_lost_with_the_rollback(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    cloud.inject("CreateRepository", repository=lab.name("*", "slow"), delay_ms=4_000)
    slow = lab.fleet("thing", Environment="slow") | {"DependsOn": "Fleet"}
    stack.begin_update({"Fleet": lab.fleet("orders", "added"), "Slow": slow, "Sibling": lab.refused("Slow")})
    until(lambda: lab.name("added") in lab.registry(), "the repository added")
    digest = cloud.push_image(lab.name("added"), "v1")
    stack.wait("UPDATE_ROLLBACK_COMPLETE")
    kept = "a released repository is kept"
    until(lambda: [line for line in cloud.log(stack.id) if line["message"] == kept], kept, 30, 0.3)
    assert list(lab.registry()[lab.name("added")]["images"]) == [digest]


@STORIES.tell
def an_update_that_fails_in_ecr_is_undone(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    before = lab.everything()
    cloud.inject("PutLifecyclePolicy", "AccessDeniedException", repository=lab.name("customers"),
                 message="User: x is not authorized to perform: ecr:PutLifecyclePolicy")
    stack.update({"Fleet": lab.fleet("orders", "customers", "added", MaxImageCount=2)},
                 expect="UPDATE_ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert lab.name("customers") in reason
    assert "PutLifecyclePolicy" in reason
    lab.returns_to(before)


@STORIES.tell
def a_stack_goes_on_after_a_rollback(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    stack.update({"Fleet": lab.fleet("orders", "added"), "Sibling": lab.refused()}, expect="UPDATE_ROLLBACK_COMPLETE")
    stack.update({"Fleet": lab.fleet("orders", "added")})
    name = lab.name("added")
    settled = "released repositories are settled"
    until(lambda: [line for line in cloud.log(stack.id) if line["message"] == settled], settled, 30, 0.3)
    assert "ecr-steward:released" not in lab.registry()[name]["tags"]
    assert set(cloud.parameters(lab.project)) == {"dev/orders/url", "dev/added/url"}


@STORIES.tell
def a_create_undone_by_a_sibling_leaves_nothing(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers", OnDelete="Retain"), "Sibling": lab.refused()},
                 expect="ROLLBACK_COMPLETE")
    assert "Environment" in stack.reason_of_failure("Sibling")
    assert lab.everything() == ({}, {})
    assert cloud.keys(f"ledgers/{stack.guid}") == []
    assert cloud.keys(f"outputs/{stack.guid}") == []


@STORIES.tell
def a_create_undone_by_a_service_token_nobody_answers_to(lab: Lab, cloud: Cloud) -> None:
    nobody = {"Type": "Custom::Nobody", "DependsOn": "Fleet", "Properties": {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:there-is-none"}}
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders"), "Sibling": nobody}, expect="ROLLBACK_COMPLETE")
    assert lab.everything() == ({}, {})


@STORIES.tell
def a_resource_added_by_an_update_that_fails_is_deleted(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    stack.update({"Fleet": lab.fleet("orders"), "Second": lab.fleet("other", Environment="prod"),
                  "Sibling": lab.refused("Second")}, expect="UPDATE_ROLLBACK_COMPLETE")
    assert lab.everything() == before


# Rows: 26.
@STORIES.tell
def an_adoption_by_an_update_that_is_undone_restores_every_setting(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("own")})
    foreign(lab, cloud, "orders")
    before = lab.everything()
    stack.update({"Fleet": lab.fleet("own", "orders", AdoptExisting=True, Tags={"more": "1"}),
                  "Sibling": lab.refused()}, expect="UPDATE_ROLLBACK_COMPLETE")
    lab.returns_to(before)


@pytest.mark.parametrize("story", STORIES.names)
def test_rollback(cloud: Cloud, story: str) -> None:
    STORIES.outcome(cloud, story)
