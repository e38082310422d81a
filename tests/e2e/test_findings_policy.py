"""`Custom::EcrFindingsPolicy` through CloudFormation: there is one per account and Region, so these stand alone."""

from __future__ import annotations

from typing import Any

from cloud import Cloud
from stacks import Lab

KEY = "declarations/findings-policy.json"
ROUTES = [{"Sink": "S3"}, {"Sink": "SecurityHub", "MinimumSeverity": "LOW"}]


def policy(cloud: Cloud, **properties: Any) -> dict[str, Any]:
    """A findings policy as a resource."""
    usual = {"ServiceToken": cloud.service_token, "ServiceTimeout": 120, "Routes": ROUTES}
    return {"Type": "Custom::EcrFindingsPolicy", "Properties": usual | properties}


def writes(cloud: Cloud) -> int:
    """How often it was written so far; the bucket keeps every version."""
    return len(cloud.bodies(KEY))


def sinks(cloud: Cloud) -> list[str]:
    """Where findings go by what is declared now."""
    return [route["Sink"] for route in cloud.object(KEY)["properties"]["Routes"]]


def test_a_policy_is_kept_where_the_answer_says_and_leaves_with_its_stack(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    waiver = {"Vulnerability": "CVE-2026-0001", "Package": "openssl", "Reason": "not reachable", "Until": "2020-01-31"}
    stack.create({"Policy": policy(cloud, Waivers=[waiver])},
                 outputs={"Uri": ["Policy", "DeclarationUri"], "Registry": ["Policy", "RegistryId"]})
    assert stack.outputs() == {"Uri": f"s3://{cloud.bucket}/{KEY}", "Registry": stack.id.split(":")[4]}
    assert stack.physical_id("Policy") == f"ecr-steward/{stack.guid}/Policy"
    declared = cloud.object(KEY)
    assert declared["owner"]["stack"]["arn"] == stack.id
    assert declared["owner"]["logical_id"] == "Policy"
    assert "ServiceToken" not in declared["properties"]
    assert declared["properties"]["Waivers"] == [waiver]
    assert sinks(cloud) == ["S3", "SecurityHub"]
    [decided] = [line for line in cloud.log(stack.id) if line["message"] == "request decided"]
    assert "1 waiver (1 expired: Waivers[0] CVE-2026-0001 on 2020-01-31)" in decided["reason"]
    stack.update({"Policy": policy(cloud, Routes=ROUTES[:1])})
    assert sinks(cloud) == ["S3"]
    stack.delete()
    assert cloud.object(KEY) is None


def test_bad_input_is_refused_with_every_path_and_stores_nothing(lab: Lab, cloud: Cloud) -> None:
    stack, before = lab.stack(), writes(cloud)
    bad = policy(cloud, Routes=[{"Sink": "S3"}, {"Sink": "Slack", "SecretParameter": "/elsewhere/url"},
                                {"Sink": "Pigeon"}],
                 Waivers=[{"Vulnerability": "*", "Reason": "all of them", "Until": "soon"}],
                 Gate={"MinimumSeverity": "AWFUL"}, Wavers=[])
    stack.create({"Policy": bad}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure("Policy")
    print(reason)
    assert "6 problems in the properties; nothing was changed." in reason
    for path in ("Routes[1].SecretParameter:", "Routes[2].Sink:", "Waivers[0].Vulnerability:", "Waivers[0].Until:",
                 "Gate.MinimumSeverity:", "Wavers:"):
        assert path in reason
    assert cloud.object(KEY) is None
    assert writes(cloud) == before


def test_a_second_stack_is_refused_by_the_name_of_the_first(lab: Lab, cloud: Cloud) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Policy": policy(cloud)})
    declared, before = cloud.object(KEY), writes(cloud)
    second.create({"Mine": policy(cloud, Routes=ROUTES[:1])}, expect="ROLLBACK_COMPLETE")
    reason = second.reason_of_failure("Mine")
    print(reason)
    assert "nothing was changed" in reason
    assert f"declared by stack {first.name}, resource Policy; there is one per account and Region" in reason
    second.delete()
    assert cloud.object(KEY) == declared
    assert writes(cloud) == before


def test_two_of_one_stack_are_refused_too(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Policy": policy(cloud), "Second": policy(cloud) | {"DependsOn": "Policy"}},
                 expect="ROLLBACK_COMPLETE")
    assert f"declared by stack {stack.name}, resource Policy" in stack.reason_of_failure("Second")
    assert cloud.object(KEY) is None


def test_an_update_that_is_undone_brings_the_old_policy_back(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Policy": policy(cloud)})
    declared, before = cloud.object(KEY), writes(cloud)
    stack.update({"Policy": policy(cloud, Routes=ROUTES[:1]), "Sibling": lab.refused("Policy")},
                 expect="UPDATE_ROLLBACK_COMPLETE")
    assert "Environment" in stack.reason_of_failure("Sibling")
    assert cloud.object(KEY)["properties"] == declared["properties"]
    assert writes(cloud) == before + 2
    # And one that is refused itself.
    stack.update({"Policy": policy(cloud, Routes=[])}, expect="UPDATE_ROLLBACK_COMPLETE")
    assert "Routes:" in stack.reason_of_failure("Policy")
    assert cloud.object(KEY)["properties"] == declared["properties"]
    stack.update({"Policy": policy(cloud, Routes=ROUTES[1:])})
    assert sinks(cloud) == ["SecurityHub"]


def test_a_create_that_is_undone_leaves_nothing(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Policy": policy(cloud), "Sibling": lab.refused("Policy")}, expect="ROLLBACK_COMPLETE")
    assert cloud.object(KEY) is None


def test_what_a_stack_that_is_gone_left_behind_is_taken_over(lab: Lab, cloud: Cloud) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Policy": policy(cloud) | {"DeletionPolicy": "Retain"}})
    first.delete()
    assert sinks(cloud) == ["S3", "SecurityHub"]
    second.create({"Policy": policy(cloud, Routes=ROUTES[:1])})
    declared = cloud.object(KEY)
    assert declared["owner"]["stack"]["arn"] == second.id
    assert sinks(cloud) == ["S3"]
    second.delete()
    assert cloud.object(KEY) is None
