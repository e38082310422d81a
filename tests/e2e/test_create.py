"""What a new fleet comes to: in ECR, in SSM, in the state bucket and in the stack."""

from __future__ import annotations

import json
import re

from cloud import Cloud
from stacks import Lab

ACCOUNT, REGION = "123456789012", "us-east-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


# Rows: 28.
def test_every_default_reaches_ecr(lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    found = lab.registry()
    assert set(found) == {lab.name("orders"), lab.name("customers")}
    one = found[lab.name("orders")]
    assert one["mutability"] == "MUTABLE"
    assert one["scan"] is True
    assert one["encryption"]["encryptionType"] == "AES256"
    assert one["policy"] is None
    assert one["tags"] == {
        "Project": lab.project, "Environment": "dev", "ManagedBy": "ecr-steward",
        "ecr-steward:owner": stack.owner(), "ecr-steward:stack": stack.name}
    assert stack.physical_id() == f"ecr-steward/{stack.guid}/Fleet"


def test_the_default_lifecycle_keeps_releases_and_expires_the_rest(lab: Lab) -> None:
    lab.stack().create({"Fleet": lab.fleet("orders")})
    rules = lab.registry()[lab.name("orders")]["lifecycle"]["rules"]
    assert [rule["rulePriority"] for rule in rules] == [1, 2, 3, 4]
    keeper, releases, untagged, rest = (rule["selection"] for rule in rules)
    assert (keeper["tagPatternList"], keeper["countType"]) == (["latest"], "imageCountMoreThan")
    assert (releases["tagPrefixList"], releases["countNumber"]) == (["v"], 10)
    assert (untagged["tagStatus"], untagged["countNumber"], untagged["countUnit"]) == ("untagged", 1, "days")
    assert (rest["tagStatus"], rest["countType"], rest["countNumber"]) == ("any", "sinceImagePushed", 30)
    assert {rule["action"]["type"] for rule in rules} == {"expire"}


def test_settings_of_the_fleet_reach_ecr(lab: Lab) -> None:
    lab.stack().create({"Fleet": lab.fleet(
        "orders", ImageTagMutability="IMMUTABLE", ScanOnPush="False", ProtectedTagPatterns=["latest", "prod-*"],
        TagPrefixes=["v", "release-"], MaxImageCount="7", ImageRetentionDays=60, UntaggedRetentionDays="2",
        Tags=[{"Key": "team", "Value": "pay ments"}, {"Key": "Environment", "Value": "overridden"}])})
    one = lab.registry()[lab.name("orders")]
    assert (one["mutability"], one["scan"]) == ("IMMUTABLE", False)
    counts = [(rule["selection"].get("tagPatternList") or rule["selection"].get("tagPrefixList")
               or rule["selection"]["tagStatus"], rule["selection"]["countNumber"])
              for rule in one["lifecycle"]["rules"]]
    assert counts[2:] == [(["v"], 7), (["release-"], 7), ("untagged", 2), ("any", 60)]
    assert [which for which, _ in counts[:2]] == [["latest"], ["prod-*"]]
    assert (one["tags"]["team"], one["tags"]["Environment"]) == ("pay ments", "overridden")


def test_urls_are_published_as_parameters(lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    found = lab.cloud.parameters(lab.project)
    assert {path: one["value"] for path, one in found.items()} == {
        "dev/orders/url": f"{HOST}/{lab.name('orders')}", "dev/customers/url": f"{HOST}/{lab.name('customers')}"}
    for one in found.values():
        assert (one["type"], one["version"]) == ("String", 1)
        assert one["tags"] == {"ecr-steward:owner": stack.owner(), "ManagedBy": "ecr-steward"}


def test_nothing_is_published_when_that_is_off(lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", PublishParameters="false")})
    assert lab.cloud.parameters(lab.project) == {}
    stack.update({"Fleet": lab.fleet("orders", PublishParameters="true")})
    assert set(lab.cloud.parameters(lab.project)) == {"dev/orders/url"}


def test_return_values_reach_the_stack(lab: Lab, cloud: Cloud) -> None:
    keys = ["RegistryId", "RegistryUri", "RepositoryCount", "ParameterPrefix", "OutputsUri", "DockerLoginCommand",
            "K8sImagePullSecretCommand", "RepositoryUrls", "RepositoryArns", "Url.order-service",
            "Arn.order-service", "DockerCommands", "AuthorizationPolicy", "OutputsTruncated"]
    shown = {re.sub(r"\W", "", key): ["Fleet", key] for key in keys}
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("order-service")}, outputs=shown)
    got = stack.outputs()
    name = lab.name("order-service")
    url, arn = f"{HOST}/{name}", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"
    assert got["RegistryId"] == ACCOUNT
    assert got["RegistryUri"] == HOST
    assert got["RepositoryCount"] == "1"
    assert got["ParameterPrefix"] == f"{cloud.prefix}/{lab.project}/dev"
    assert got["OutputsUri"] == f"s3://{cloud.bucket}/outputs/{stack.guid}/Fleet.json"
    assert got["DockerLoginCommand"] == (
        f"aws ecr get-login-password --region {REGION} | docker login --username AWS --password-stdin {HOST}")
    assert got["K8sImagePullSecretCommand"] == (
        f"kubectl create secret docker-registry ecr-secret --docker-server={HOST} --docker-username=AWS "
        f"--docker-password=$(aws ecr get-login-password --region {REGION})")
    assert json.loads(got["RepositoryUrls"]) == {"order-service": url}
    assert json.loads(got["RepositoryArns"]) == {"order-service": arn}
    assert (got["Urlorderservice"], got["Arnorderservice"]) == (url, arn)
    assert json.loads(got["DockerCommands"]) == {"order-service": {
        "build": "docker build -t order-service .",
        "tag": f"docker tag order-service:latest {url}:latest",
        "push": f"docker push {url}:latest"}}
    [statement] = json.loads(got["AuthorizationPolicy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert got["OutputsTruncated"] == "false"


def test_the_outputs_object_has_everything_and_where_it_comes_from(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers", ImageTagMutability="IMMUTABLE",
                                     Overrides={"orders": {"MaxImageCount": "3"}})})
    document = cloud.object(f"outputs/{stack.guid}/Fleet.json")
    assert document["RegistryUri"] == HOST
    assert set(document["RepositoryUrls"]) == {"orders", "customers"}
    assert document["DockerCommands"]["orders"]["push"].endswith(":latest")
    orders = document["Repositories"]["orders"]
    assert orders["RepositoryName"] == lab.name("orders")
    settings = {name: (one["value"], one["origin"].lower()) for name, one in lowered(orders["Settings"]).items()}
    assert settings["MaxImageCount"] == (3, "override")
    assert settings["ImageTagMutability"] == ("IMMUTABLE", "property")
    assert settings["ImageRetentionDays"] == (30, "default")
    stack.delete()
    assert cloud.keys(f"outputs/{stack.guid}") == []
    assert cloud.keys(f"ledgers/{stack.guid}") == []


def lowered(settings: dict[str, dict]) -> dict[str, dict]:
    """Members of settings in lower case."""
    return {name: {key.lower(): value for key, value in one.items()} for name, one in settings.items()}


# Rows: 33.
def test_only_the_return_values_listed_come_back(lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers", ReturnValues=["Url.*", "RepositoryCount"])},
                 outputs={"Orders": ["Fleet", "Url.orders"], "Customers": ["Fleet", "Url.customers"],
                          "Count": ["Fleet", "RepositoryCount"]})
    assert stack.outputs() == {"Orders": f"{HOST}/{lab.name('orders')}",
                               "Customers": f"{HOST}/{lab.name('customers')}", "Count": "2"}


# Rows: 29.
def test_return_values_that_do_not_fit_are_refused_before_any_write(lab: Lab, cloud: Cloud) -> None:
    stack = lab.stack()
    names = [f"service-with-a-rather-long-name-{number}" for number in range(40)]
    with cloud.counting() as writes:
        stack.create({"Fleet": lab.fleet(*names, ReturnValues=["RepositoryUrls"])}, expect="ROLLBACK_COMPLETE")
    assert writes == {}
    assert re.search(r"ReturnValues: .* take \d+ bytes .* 4096 bytes", stack.reason_of_failure())


def test_a_fleet_of_fifty(lab: Lab, cloud: Cloud) -> None:
    stack, names = lab.stack(), [f"service-{number:02}" for number in range(50)]
    stack.create({"Fleet": lab.fleet(*names)},
                 outputs={"Count": ["Fleet", "RepositoryCount"], "Cut": ["Fleet", "OutputsTruncated"]})
    assert stack.outputs() == {"Count": "50", "Cut": "true"}
    found = lab.registry()
    assert set(found) == {lab.name(name) for name in names}
    assert all(one["lifecycle"] for one in found.values())
    assert len(cloud.urls(lab.project)) == 50
    assert len(cloud.object(f"outputs/{stack.guid}/Fleet.json")["Url.service-49"]) > 0
    with cloud.counting() as writes:
        stack.update({"Fleet": lab.fleet(*reversed(names))})
    assert writes == {}
    stack.delete()
    assert lab.everything() == ({}, {})


def test_a_pattern_of_the_users_own(lab: Lab) -> None:
    lab.stack().create({"Fleet": lab.fleet("orders", "team/cart", NamePattern="{project}/{environment}/{name}")})
    assert set(lab.registry()) == {f"{lab.project}/dev/orders", f"{lab.project}/dev/team/cart"}
    assert set(lab.cloud.parameters(lab.project)) == {"dev/orders/url", "dev/team/cart/url"}


def test_two_fleets_of_one_stack(lab: Lab) -> None:
    stack = lab.stack()
    stack.create({"One": lab.fleet("orders"), "Two": lab.fleet("orders", Environment="prod")})
    found = lab.registry()
    assert found[lab.name("orders")]["tags"]["ecr-steward:owner"] == stack.owner("One")
    assert found[lab.name("orders", "prod")]["tags"]["ecr-steward:owner"] == stack.owner("Two")
    stack.update({"Two": lab.fleet("orders", Environment="prod")})
    assert set(lab.registry()) == {lab.name("orders", "prod")}
