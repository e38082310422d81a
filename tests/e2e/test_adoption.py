"""Taking over repositories that exist, and giving them back."""

from __future__ import annotations

import json

from cloud import Cloud
from foreign import LIFECYCLE, foreign
from stacks import Lab

def test_adoption_applies_the_declaration_and_keeps_existing_tags(lab: Lab, cloud: Cloud) -> None:
    before = foreign(lab, cloud, "orders")
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "new", AdoptExisting=True, PushPrincipals=["111122223333"])})
    after = lab.registry()[lab.name("orders")]
    assert (after["mutability"], after["scan"]) == ("MUTABLE", True)
    assert len(after["lifecycle"]["rules"]) == 4
    assert [one["Sid"] for one in after["policy"]["Statement"]] == ["Theirs", "EcrStewardPush"]
    assert after["tags"] == {
        "Project": "theirs", "whose": "mine", "Environment": "dev", "ManagedBy": "ecr-steward",
        "ecr-steward:owner": stack.owner(), "ecr-steward:stack": stack.name}
    assert (after["images"], after["created"]) == (before["images"], before["created"])


def test_adoption_writes_a_snapshot_first_and_says_where(lab: Lab, cloud: Cloud) -> None:
    before = foreign(lab, cloud, "orders")
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", AdoptExisting=True)})
    [key] = cloud.keys(f"snapshots/{stack.owner()}/{lab.name('orders')}/")
    snapshot = cloud.object(key)
    assert snapshot["tags"] == before["tags"]
    assert json.loads(snapshot["lifecycle"]) == LIFECYCLE
    assert json.loads(snapshot["policy"]) == before["policy"]
    assert snapshot["scan_on_push"] is False
    [decided] = [line for line in cloud.log(stack.id) if line["message"] == "request decided"]
    assert f"adopted: {lab.name('orders')} (as they were: s3://{cloud.bucket}/snapshots/{stack.owner()}/)" in decided["reason"]


def test_later_updates_go_on_keeping_what_was_there(lab: Lab, cloud: Cloud) -> None:
    foreign(lab, cloud, "orders")
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", AdoptExisting=True)})
    stack.update({"Fleet": lab.fleet("orders", AdoptExisting=False, Tags={"whose": "ours", "more": "1"})})
    tags = lab.registry()[lab.name("orders")]["tags"]
    assert (tags["Project"], tags["whose"], tags["more"]) == ("theirs", "mine", "1")
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet("orders", AdoptExisting=True, Tags={"more": "1", "whose": "ours"})})
    assert writes == {}


def test_deleting_the_stack_hands_back_and_deletes_nothing(lab: Lab, cloud: Cloud) -> None:
    before = foreign(lab, cloud, "orders")
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "new", AdoptExisting=True, EmptyOnDelete=True)})
    adopted = lab.registry()[lab.name("orders")]
    stack.delete()
    registry, parameters = lab.everything()
    assert set(registry) == {lab.name("orders")}
    left = registry[lab.name("orders")]
    assert left | {"tags": None} == adopted | {"tags": None}
    assert left["tags"] == before["tags"] | {"Environment": "dev"}
    assert parameters == {}


def test_an_adoption_undone_by_a_sibling_restores_every_setting(lab: Lab, cloud: Cloud) -> None:
    foreign(lab, cloud, "orders")
    before = lab.everything()
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "new", AdoptExisting=True, PullPrincipals=["111122223333"],
                                     LifecyclePolicy="None", PolicyMode="Exclusive", Tags={"more": "1"}),
                  "Sibling": lab.refused()}, expect="ROLLBACK_COMPLETE")
    assert lab.everything() == before


def test_another_encryption_is_refused_before_anything_is_adopted(lab: Lab, cloud: Cloud) -> None:
    foreign(lab, cloud, "orders")
    before = lab.everything()
    stack = lab.stack()
    with cloud.counting() as writes:
        stack.create({"Fleet": lab.fleet("orders", AdoptExisting=True, EncryptionType="KMS")},
                     expect="ROLLBACK_COMPLETE")
    assert "ECR cannot change the encryption" in stack.reason_of_failure()
    assert writes == {}
    assert lab.everything() == before


def test_a_parameter_somebody_wrote_outlives_the_adoption(lab: Lab, cloud: Cloud) -> None:
    foreign(lab, cloud, "orders")
    url = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{lab.name('orders')}"
    cloud.client("ssm").put_parameter(Name=f"{cloud.prefix}/{lab.project}/dev/orders/url", Value=url, Type="String")
    before = cloud.parameters(lab.project)
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", AdoptExisting=True)})
    stack.delete()
    assert cloud.parameters(lab.project) == before
