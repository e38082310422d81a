"""Deleting a stack: what goes, what stays, and what CloudFormation is told about it."""

from __future__ import annotations

from cloud import Cloud
from stacks import Lab


def test_empty_repositories_and_their_parameters_go(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    stack.delete()
    assert lab.everything() == ({}, {})


# Rows: 47.
def test_a_repository_with_images_fails_the_delete_by_name_and_the_others_go(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full", "customers")})
    full = lab.name("full")
    cloud.push_image(full, "v1")
    whole = lab.registry()[full]
    stack.delete(expect="DELETE_FAILED")
    reason = stack.reason_of_failure()
    assert f"{full} still holds images; empty it, or set EmptyOnDelete to true" in reason
    assert lab.name("orders") not in reason
    assert lab.registry() == {full: whole}
    cloud.empty(full)
    stack.delete()
    assert lab.everything() == ({}, {})
    assert cloud.keys(f"ledgers/{stack.guid}") == []


def test_empty_on_delete_deletes_images_too(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full", EmptyOnDelete=True)})
    cloud.push_image(lab.name("full"), "v1")
    stack.delete()
    assert lab.everything() == ({}, {})


def test_on_delete_retain_takes_our_tags_off_and_nothing_else(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "full", OnDelete="Retain", Tags={"team": "a"},
                                     PullPrincipals=["444455556666"])})
    cloud.push_image(lab.name("full"), "v1")
    before = lab.registry()
    with cloud.counting() as writes:
        stack.delete()
    assert writes == {"UntagResource": 2}
    for name, one in lab.registry().items():
        assert one["tags"] == {"Project": lab.project, "Environment": "dev", "team": "a"}
        assert one | {"tags": None} == before[name] | {"tags": None}


def test_a_resource_taken_out_of_a_stack_is_deleted(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders"), "Second": lab.fleet("other", Environment="prod")})
    stack.update({"Fleet": lab.fleet("orders")})
    assert set(lab.registry()) == {lab.name("orders")}
    assert set(cloud.parameters(lab.project)) == {"dev/orders/url"}


# Rows: 19.
def test_what_is_gone_already_is_no_failure(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    cloud.client("ecr").delete_repository(repositoryName=lab.name("orders"))
    cloud.client("ssm").delete_parameter(Name=f"{cloud.prefix}/{lab.project}/dev/customers/url")
    stack.delete()
    assert lab.everything() == ({}, {})


# Rows: 23.
def test_a_repository_made_anew_by_somebody_is_not_ours_to_delete(lab: Lab, cloud: Cloud) -> None:
    stack, ecr = lab.stack(), cloud.client("ecr")
    stack.create({"Fleet": lab.fleet("orders")})
    ecr.delete_repository(repositoryName=lab.name("orders"))
    ecr.create_repository(repositoryName=lab.name("orders"), tags=[{"Key": "whose", "Value": "mine"}])
    theirs = lab.registry()
    stack.delete()
    assert lab.registry() == theirs


# Rows: 17.
def test_a_failed_create_leaves_nothing_and_its_stack_can_be_deleted(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    with cloud.counting() as writes:
        stack.create({"Fleet": lab.fleet("orders", MaxImageCount="many")}, expect="ROLLBACK_COMPLETE")
        stack.delete()
    assert writes == {}
