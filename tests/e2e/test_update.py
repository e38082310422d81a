"""Updates that go through: what is written, and above all what is not."""

from __future__ import annotations

from cloud import Cloud
from stacks import Lab


# Rows: 9, 20.
def test_an_update_that_wishes_the_same_writes_nothing(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers", MaxImageCount=10, Tags={"a": "1", "b": "2"})})
    before = lab.everything()
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "customers", MaxImageCount="10", Tags={"a": "1", "b": "2"})})
        stack.update({"Fleet": lab.fleet("customers", "orders", Tags={"b": "2", "a": "1"})})
        stack.update({"Fleet": lab.fleet("customers", "orders", ScanOnPush="True", TagPrefixes=["v"],
                                         Tags=[{"Key": "b", "Value": 2}, {"Key": "a", "Value": "1"}])})
    assert writes == {}
    assert lab.everything() == before


def test_a_change_of_retention_rewrites_the_lifecycle_alone(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    before = lab.registry()
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "customers", ImageRetentionDays=90, MaxImageCount="25")})
    assert writes == {"PutLifecyclePolicy": 2}
    after = lab.registry()
    for name, one in after.items():
        counts = [rule["selection"]["countNumber"] for rule in one["lifecycle"]["rules"]]
        assert counts[1:] == [25, 1, 90]
        assert one | {"lifecycle": None} == before[name] | {"lifecycle": None}


# Rows: 22.
def test_a_name_that_is_added_is_created_and_the_others_are_left_alone(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    registry, parameters = lab.everything()
    physical_id = stack.physical_id()
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "carts")}, outputs={"Carts": ["Fleet", "Url.carts"]})
    assert writes == {"CreateRepository": 1, "PutLifecyclePolicy": 1}
    after, published = lab.everything()
    assert after.keys() == registry.keys() | {lab.name("carts")}
    assert after[lab.name("orders")] == registry[lab.name("orders")]
    assert published.keys() == {"dev/orders/url", "dev/carts/url"}
    assert published["dev/orders/url"] == parameters["dev/orders/url"]
    assert stack.outputs()["Carts"].endswith(f"/{lab.name('carts')}")
    assert stack.physical_id() == physical_id


def test_a_name_that_is_removed_costs_one_tag(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "old")})
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders")})
    assert writes == {"TagResource": 1}


# Rows: 55.
def test_settings_somebody_changed_by_hand_come_back_with_the_next_update(lab: Lab, cloud: Cloud) -> None:
    stack, ecr = lab.stack(), cloud.client("ecr")
    stack.create({"Fleet": lab.fleet("orders", ImageTagMutability="IMMUTABLE")})
    name = lab.name("orders")
    declared = lab.registry()[name]
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": False})
    ecr.delete_lifecycle_policy(repositoryName=name)
    ecr.untag_resource(resourceArn=declared["arn"], tagKeys=["Project"])
    stack.update({"Fleet": lab.fleet("orders", ImageTagMutability="IMMUTABLE", DriftMode="Enforce")})
    assert lab.registry()[name] == declared


def test_a_repository_somebody_deleted_is_made_again(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    cloud.client("ecr").delete_repository(repositoryName=lab.name("orders"))
    cloud.client("ssm").delete_parameter(Name=f"{cloud.prefix}/{lab.project}/dev/orders/url")
    stack.update({"Fleet": lab.fleet("orders", "customers", MaxImageCount=4)})
    registry, parameters = lab.everything()
    assert registry[lab.name("orders")]["tags"]["ecr-steward:owner"] == stack.owner()
    assert set(parameters) == {"dev/orders/url", "dev/customers/url"}


def test_a_change_of_a_parameter_by_hand_is_put_right(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    declared = cloud.urls(lab.project)
    cloud.client("ssm").put_parameter(Name=f"{cloud.prefix}/{lab.project}/dev/orders/url", Value="wrong",
                                      Type="String", Overwrite=True)
    stack.update({"Fleet": lab.fleet("orders", MaxImageCount=4)})
    assert cloud.urls(lab.project) == declared


def test_a_property_that_is_wrong_fails_the_update_and_changes_nothing(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    before = lab.everything()
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", "new", MaxImageCount=0)}, expect="UPDATE_ROLLBACK_COMPLETE")
    assert "MaxImageCount: must be a whole number from 1" in stack.reason_of_failure()
    assert writes == {}
    assert lab.everything() == before
