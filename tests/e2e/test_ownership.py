"""Repositories and parameters that belong to somebody else are never touched."""

from __future__ import annotations

from cloud import Cloud
from stacks import Lab


# Rows: 48.
def test_a_repository_of_another_stack_is_refused_with_its_owner(lab: Lab, cloud: Cloud) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    with cloud.counting() as writes:
        second.create({"Fleet": lab.fleet("orders", "mine", PublishParameters=False)}, expect="ROLLBACK_COMPLETE")
    reason = second.reason_of_failure()
    assert f"{lab.name('orders')}: the repository exists and belongs to resource Fleet of stack {first.name}" in reason
    assert first.owner() in reason
    assert "nothing was changed" in reason
    assert writes == {}
    assert lab.everything() == before
    second.delete()
    assert lab.everything() == before


# Rows: 48.
def test_adopt_existing_does_not_take_what_a_living_stack_owns(lab: Lab, cloud: Cloud) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    second.create({"Fleet": lab.fleet("orders", AdoptExisting=True, PublishParameters=False)},
                  expect="ROLLBACK_COMPLETE")
    assert f"belongs to resource Fleet of stack {first.name}" in second.reason_of_failure()
    assert lab.everything() == before


def test_a_repository_of_nobody_is_refused_with_a_hint(lab: Lab, cloud: Cloud) -> None:
    cloud.client("ecr").create_repository(repositoryName=lab.name("orders"), tags=[{"Key": "a", "Value": "b"}])
    cloud.push_image(lab.name("orders"), "v1")
    before = lab.everything()
    stack = lab.stack()
    with cloud.counting() as writes:
        stack.create({"Fleet": lab.fleet("orders", "mine")}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert f"{lab.name('orders')}: the repository exists and nobody manages it; set AdoptExisting to true" in reason
    assert writes == {}
    assert lab.everything() == before


def test_a_foreign_name_added_by_an_update_is_refused(lab: Lab, cloud: Cloud) -> None:
    cloud.client("ecr").create_repository(repositoryName=lab.name("theirs"))
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "new", "theirs")}, expect="UPDATE_ROLLBACK_COMPLETE")
    assert "nobody manages it" in stack.reason_of_failure()
    assert writes == {}
    assert lab.everything() == before


def test_two_resources_of_one_stack_cannot_share_a_repository(lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders"), "Second": lab.fleet("orders") | {"DependsOn": "Fleet"}},
                 expect="ROLLBACK_COMPLETE")
    assert "belongs to resource Fleet of stack" in stack.reason_of_failure("Second")
    assert lab.everything() == ({}, {})


def test_a_parameter_somebody_else_wrote_is_refused(lab: Lab, cloud: Cloud) -> None:
    path = f"{cloud.prefix}/{lab.project}/dev/orders/url"
    cloud.client("ssm").put_parameter(Name=path, Value="theirs", Type="String")
    before = lab.everything()
    stack = lab.stack()
    with cloud.counting() as writes:
        stack.create({"Fleet": lab.fleet("orders")}, expect="ROLLBACK_COMPLETE")
    assert f"{path}: the SSM parameter exists and was written by somebody else" in stack.reason_of_failure()
    assert writes == {}
    assert lab.everything() == before


def test_an_orphan_may_be_adopted_by_the_next_stack(lab: Lab, cloud: Cloud) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Fleet": lab.fleet("orders") | {"DeletionPolicy": "Retain"}})
    cloud.push_image(lab.name("orders"), "v1")
    images = lab.registry()[lab.name("orders")]["images"]
    first.delete()
    assert lab.registry()[lab.name("orders")]["tags"]["ecr-steward:owner"] == first.owner()
    second.create({"Fleet": lab.fleet("orders", AdoptExisting=True)})
    one = lab.registry()[lab.name("orders")]
    assert one["tags"]["ecr-steward:owner"] == second.owner()
    assert one["tags"]["ecr-steward:stack"] == second.name
    assert one["images"] == images
    second.delete()
    left = lab.registry()[lab.name("orders")]
    assert left["images"] == images
    assert not [key for key in left["tags"] if key.startswith("ecr-steward:")]
