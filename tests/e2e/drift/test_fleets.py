"""Repositories that a fleet declares: what somebody changed by hand is put back, or told."""

from __future__ import annotations

from by_hand import EVERYBODY, careless, policy
from cloud import Cloud
from oversight import Oversight, line, rule
from stacks import Lab, Stack
from test_by_hand import REQUIRED

BY_HAND = ("PutImageTagMutability", "PutImageScanningConfiguration", "SetRepositoryPolicy", "DeleteLifecyclePolicy",
           "UntagResource")


def meddle(cloud: Cloud, name: str) -> None:
    """Somebody changes everything that can be changed."""
    ecr = cloud.client("ecr")
    arn = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]["repositoryArn"]
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": False})
    ecr.set_repository_policy(repositoryName=name, policyText=policy(EVERYBODY))
    ecr.delete_lifecycle_policy(repositoryName=name)
    ecr.untag_resource(resourceArn=arn, tagKeys=["Team"])


def fleet(lab: Lab, **more: object) -> dict:
    """A fleet of two with settings of every kind."""
    return lab.fleet("api", "web", ImageTagMutability="IMMUTABLE", PullPrincipals=["111122223333"],
                     PolicyMode="Exclusive", Tags={"Team": "payments"}, **more)


# Rows: 55.
def test_what_somebody_changed_by_hand_is_put_back(lab: Lab, cloud: Cloud, oversight: Oversight) -> None:
    stack = lab.stack()
    stack.create({"Fleet": fleet(lab, DriftMode="Enforce")})
    before = lab.everything()
    name = lab.name("api")
    meddle(cloud, name)
    assert lab.registry()[name] != before[0][name]
    oversight.hear(*[oversight.call(one, name) for one in BY_HAND])
    assert lab.everything() == before
    with cloud.counting() as writes:
        oversight.hear(*[oversight.call(one, name, oversight.own_role) for one in BY_HAND])
    assert writes == {}


def test_without_enforce_it_is_told_and_off_is_not_even_compared(
        lab: Lab, cloud: Cloud, oversight: Oversight) -> None:
    for mode, environment in (("ReportOnly", "dev"), ("Off", "test")):
        stack = lab.stack(f"-{environment}")
        stack.create({"Fleet": fleet(lab, DriftMode=mode, Environment=environment)})
        meddle(cloud, lab.name("api", environment))
    before = lab.everything()
    with cloud.counting() as writes:
        oversight.hear(*[oversight.call(BY_HAND[0], lab.name("api", one)) for one in ("dev", "test")])
        report = oversight.sweep()
    assert writes == {}
    assert lab.everything() == before
    told = line(report, lab.name("api"))
    assert told["owner"] | {"driftMode": "ReportOnly", "resource": "Fleet"} == told["owner"]
    assert {(one["rule"], one["status"], one["action"]) for one in told["checks"]} == {
        ("declaration", "fail", "reported")}
    off = line(report, lab.name("api", "test"))
    assert [one for one in off.get("checks", []) if one["rule"] == "declaration"] == []


def test_one_that_was_deleted_is_made_again(lab: Lab, cloud: Cloud, oversight: Oversight) -> None:
    stack = lab.stack()
    stack.create({"Fleet": fleet(lab, DriftMode="Enforce")})
    before = lab.registry()
    name = lab.name("api")
    cloud.client("ecr").delete_repository(repositoryName=name)
    oversight.hear(oversight.call("DeleteRepository", name))
    if name not in lab.registry():
        # Whose it was, its tags no longer say; the sweep knows it from the declarations.
        oversight.sweep()
    now = lab.registry()
    for one in (before, now):
        one[name].pop("created")
    assert now == before


def test_the_baseline_mends_what_nobody_declares_and_leaves_a_fleet_to_its_declaration(
        lab: Lab, cloud: Cloud, oversight: Oversight, baselines: Stack) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("api", ImageTagMutability="MUTABLE", DriftMode="Enforce")})
    careless(cloud, lab.name("loose"))
    before = lab.registry()[lab.name("api")]
    oversight.baseline(baselines, rule(lab.project, **REQUIRED), Mode="Enforce")
    report = oversight.sweep()
    now = lab.registry()
    assert now[lab.name("api")] == before
    assert now[lab.name("loose")]["mutability"] == "IMMUTABLE"
    told = [one for one in line(report, lab.name("api"))["checks"] if one["requirement"] == "ImageTagMutability"]
    assert [(one["rule"], one["status"], one["mode"], one["action"]) for one in told] == [
        ("everything", "fail", "ReportOnly", "reported")]
