"""Fleets in nested stacks: the nested stack owns them.

That a release waits for the root stack too cannot be seen here: the local CloudFormation does not tell the root.
"""

from __future__ import annotations

import json
from typing import Any, Iterator

import pytest
from cloud import Cloud, until
from stacks import Lab, template


@pytest.fixture
def shelf(cloud: Cloud, lab: Lab) -> Iterator["Shelf"]:
    """Where templates of nested stacks lie."""
    shelf = Shelf(cloud, f"{lab.project}-templates")
    yield shelf
    shelf.close()


class Shelf:
    """A bucket of templates."""

    def __init__(self, cloud: Cloud, bucket: str) -> None:
        self.s3, self.bucket, self.count = cloud.client("s3"), bucket, 0
        self.base = cloud.variables["AWS_ENDPOINT_URL"]
        self.s3.create_bucket(Bucket=bucket)

    def nested(self, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
        """A nested stack as a resource."""
        self.count += 1
        key = f"{self.count}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=template(resources, outputs).encode())
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{self.base}/{self.bucket}/{key}"}}

    def close(self) -> None:
        """Nothing stays."""
        for number in range(1, self.count + 1):
            self.s3.delete_object(Bucket=self.bucket, Key=f"{number}.json")
        self.s3.delete_bucket(Bucket=self.bucket)


def test_a_fleet_in_a_nested_stack_lives_and_dies_with_it(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    child = shelf.nested({"Fleet": lab.fleet("orders")}, {"Urls": ["Fleet", "RepositoryUrls"]})
    stack.create({"Child": child}, outputs={"Urls": ["Child", "Outputs.Urls"]})
    child_id = stack.physical_id("Child")
    tags = lab.registry()[lab.name("orders")]["tags"]
    assert tags["ecr-steward:owner"] == f"{child_id.rpartition('/')[2]}/Fleet"
    assert tags["ecr-steward:stack"] == child_id.split("/")[1]
    assert set(json.loads(stack.outputs()["Urls"])) == {"orders"}
    stack.delete()
    assert lab.everything() == ({}, {})


def test_a_name_removed_in_a_nested_stack_is_deleted_afterwards(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    stack.create({"Child": shelf.nested({"Fleet": lab.fleet("orders", "old")})})
    stack.update({"Child": shelf.nested({"Fleet": lab.fleet("orders")})})
    assert "ecr-steward:released" in lab.registry()[lab.name("old")]["tags"]
    until(lambda: set(lab.registry()) == {lab.name("orders")}, "the name gone")


def test_a_nested_fleet_undone_by_a_sibling_leaves_nothing(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    stack.create({"Child": shelf.nested({"Fleet": lab.fleet("orders")}), "Sibling": lab.refused("Child")},
                 expect="ROLLBACK_COMPLETE")
    assert lab.everything() == ({}, {})
