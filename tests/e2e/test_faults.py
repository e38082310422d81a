"""ECR that throttles, denies or breaks: ridden out where that helps, and otherwise undone and named."""

from __future__ import annotations

from typing import Iterator

import pytest
from cloud import Cloud
from stacks import Lab


@pytest.fixture(autouse=True)
def healing(cloud: Cloud) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    cloud.clear_faults()


# Rows: 45.
@pytest.mark.parametrize("operation", ["CreateRepository", "PutLifecyclePolicy", "DescribeRepositories"])
def test_a_burst_of_throttling_is_ridden_out(lab: Lab, cloud: Cloud, operation: str) -> None:
    # A look at the registry is about all of it; no single repository could be named.
    target = {} if operation == "DescribeRepositories" else {"repository": lab.name("*")}
    cloud.inject(operation, "ThrottlingException", times=4, **target)
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    assert all(one["lifecycle"] for one in lab.registry().values())
    assert len(lab.registry()) == 2


def test_a_service_that_fails_for_a_moment_is_ridden_out(lab: Lab, cloud: Cloud) -> None:
    cloud.inject("CreateRepository", "ServerException", times=2, repository=lab.name("*"))
    cloud.inject("TagResource", "ServerException", times=1, repository=lab.name("*"))
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    stack.update({"Fleet": lab.fleet("orders", Tags={"a": "b"})})
    assert lab.registry()[lab.name("orders")]["tags"]["a"] == "b"


# Rows: 45.
def test_a_delete_rides_out_throttling(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    cloud.inject("DeleteRepository", "ThrottlingException", times=3, repository=lab.name("*"))
    stack.delete()
    assert lab.everything() == ({}, {})


# Rows: 18, 47.
def test_a_denial_names_the_action_and_the_rollback_leaves_nothing(lab: Lab, cloud: Cloud) -> None:
    denied = "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: ecr:PutLifecyclePolicy"
    cloud.inject("PutLifecyclePolicy", "AccessDeniedException", times=9, repository=lab.name("orders"), message=denied)
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert lab.name("orders") in reason
    assert "ecr:PutLifecyclePolicy" in reason
    assert "AccessDeniedException" in reason
    assert denied in reason
    assert lab.everything() == ({}, {})


def test_a_look_that_is_denied_changes_nothing(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    cloud.inject("ListTagsForResource", "AccessDeniedException", repository=lab.name("orders"))
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "new", MaxImageCount=2)}, expect="UPDATE_ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert f"{lab.name('orders')}: it could not be found out to whom the repository belongs" in reason
    assert "ListTagsForResource" in reason
    assert writes == {}
    assert lab.everything() == before


def test_a_key_that_cannot_be_used_is_passed_on_and_what_was_made_goes_again(lab: Lab, cloud: Cloud) -> None:
    disabled = "The KMS key arn:aws:kms:us-east-1:123456789012:key/k is disabled"
    cloud.inject("CreateRepository", "KmsException", message=disabled, repository=lab.name("second"))
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("first", "second", "third", EncryptionType="KMS")}, expect="ROLLBACK_COMPLETE")
    assert f"{lab.name('second')}: " in stack.reason_of_failure()
    assert disabled in stack.reason_of_failure()
    assert lab.everything() == ({}, {})


def test_an_encryption_this_region_lacks_is_refused_with_a_hint(lab: Lab, cloud: Cloud) -> None:
    cloud.inject("CreateRepository", "InvalidParameterException", repository=lab.name("orders"),
                 message="Invalid parameter at 'encryptionType' failed to satisfy constraint: 'KMS_DSSE'")
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", EncryptionType="KMS_DSSE")}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    assert "Invalid parameter at 'encryptionType'" in reason
    assert "Region" in reason
    assert lab.everything() == ({}, {})


def test_a_principal_iam_does_not_know_yet_is_waited_for(lab: Lab, cloud: Cloud) -> None:
    unknown = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
    cloud.inject("SetRepositoryPolicy", "InvalidParameterException", message=unknown, repository=lab.name("orders"))
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", PullPrincipals=["444455556666"])})
    assert lab.registry()[lab.name("orders")]["policy"]


# Rows: 49.
def test_a_denied_delete_fails_by_name_and_can_be_tried_again(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    cloud.inject("DeleteRepository", "AccessDeniedException", repository=lab.name("orders"))
    stack.delete(expect="DELETE_FAILED")
    assert lab.name("orders") in stack.reason_of_failure()
    assert "DeleteRepository" in stack.reason_of_failure()
    assert set(lab.registry()) == {lab.name("orders")}
    stack.delete()
    assert lab.everything() == ({}, {})
