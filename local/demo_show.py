"""What the demo shows at its end: repositories, parameters, outputs, findings, and where to look next."""

from __future__ import annotations

import json
from typing import Callable

import boto3
from demo import EXAMPLE_STACK, PROVIDER_STACK

COUNTED = {"imageCountMoreThan": "keep the newest {n}", "sinceImagePushed": "expire {n} {unit} after the push"}


def show(session: boto3.Session, show_findings: Callable[[], None], seconds: float) -> None:
    """Everything worth seeing."""
    stack = outputs(session, EXAMPLE_STACK)
    provider = outputs(session, PROVIDER_STACK)
    arns = json.loads(stack["RepositoryArns"])
    repositories(session, arns)
    parameters(session, provider)
    stack_outputs(stack)
    show_findings()
    next_steps(session, provider, sorted(arns)[0] if arns else "")
    print(f"\nReady in {seconds:.0f} s. Stop everything with: make demo-down")


def outputs(session: boto3.Session, stack: str) -> dict[str, str]:
    """A stack's outputs by key."""
    found = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def first_repository(session: boto3.Session) -> str:
    """The full name of the example's first one."""
    arns = json.loads(outputs(session, EXAMPLE_STACK)["RepositoryArns"])
    return arns[min(arns)].partition(":repository/")[2]


# ---- repositories ----


def repositories(session: boto3.Session, arns: dict[str, str]) -> None:
    """Each repository as ECR has it now, not as the template says it."""
    ecr = session.client("ecr")
    names = {arn.partition(":repository/")[2]: short for short, arn in arns.items()}
    found = []
    for name in names:
        try:
            found += ecr.describe_repositories(repositoryNames=[name])["repositories"]
        except ecr.exceptions.RepositoryNotFoundException:
            print(f"\n  {name}: the stack declares it, but ECR does not have it")
    heading(f"Repositories in ECR ({len(found)})")
    rows = [("repository", "tags are", "scan on push", "encryption")]
    for one in found:
        encryption = one.get("encryptionConfiguration", {})
        rows.append((one["repositoryName"], one["imageTagMutability"].lower().replace("_", " "),
                     "yes" if one["imageScanningConfiguration"]["scanOnPush"] else "no",
                     " ".join(filter(None, (encryption.get("encryptionType"), encryption.get("kmsKey"))))))
    table(rows)
    alike(found, "Lifecycle rules", lambda one: lifecycle(ecr, one["repositoryName"]))
    alike(found, "Tags", lambda one: [f"{tag['Key']} = {tag['Value']}" for tag in sorted(
        ecr.list_tags_for_resource(resourceArn=one["repositoryArn"])["tags"], key=lambda tag: tag["Key"])])


def lifecycle(ecr, name: str) -> list[str]:
    """One line per rule."""
    try:
        policy = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])
    except ecr.exceptions.LifecyclePolicyNotFoundException:
        return ["none"]
    lines = []
    for rule in sorted(policy["rules"], key=lambda rule: rule["rulePriority"]):
        which = rule["selection"]
        patterns = which.get("tagPatternList") or [prefix + "*" for prefix in which.get("tagPrefixList", [])]
        images = {"tagged": "tags " + ", ".join(patterns), "untagged": "untagged images"}.get(which["tagStatus"], "all images")
        what = "keep all" if which["countNumber"] >= 999999 else COUNTED.get(which["countType"], which["countType"] + " {n}").format(
            n=which["countNumber"], unit="day" if which["countNumber"] == 1 else "days")
        lines.append(f"{rule['rulePriority']:>3}  {images:<18} {what:<32} {rule.get('description', '')}".rstrip())
    return lines


def alike(found: list[dict], title: str, lines_of) -> None:
    """Says once what holds for several repositories."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        groups.setdefault(tuple(lines_of(one)), []).append(one["repositoryName"])
    for lines, names in groups.items():
        whose = "all" if len(groups) == 1 else ", ".join(names)
        print(f"\n  {title} of {whose}:")
        for line in lines:
            print(f"    {line}")


# ---- the rest ----


def parameters(session: boto3.Session, provider: dict[str, str]) -> None:
    """What is published under the prefix."""
    pages = session.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix(session, provider), Recursive=True)
    found = sorted((one["Name"], one["Value"]) for page in pages for one in page["Parameters"])
    heading(f"SSM parameters ({len(found)})")
    table(found)


def prefix(session: boto3.Session, provider: dict[str, str]) -> str:
    """The installation's ParameterPrefix."""
    function = session.client("lambda").get_function_configuration(FunctionName=provider["ServiceToken"])
    return function["Environment"]["Variables"]["PARAMETER_PREFIX"]


def stack_outputs(stack: dict[str, str]) -> None:
    """The outputs of the example, the maps taken apart."""
    heading(f"Outputs of the stack {EXAMPLE_STACK}")
    for key in ("RepositoryUrls", "RepositoryArns"):
        print(f"  {key}")
        table(sorted(json.loads(stack[key]).items()), "    ")
    print(f"  DockerLoginCommand\n    {stack['DockerLoginCommand']}")
    print("  DockerCommands")
    for name, commands in sorted(json.loads(stack["DockerCommands"]).items()):
        print(f"    {name}")
        for step in ("build", "tag", "push"):
            print(f"      {commands[step]}")
    print("  K8sImagePullSecret")
    for line in stack["K8sImagePullSecret"].splitlines():
        print(f"    {line}")


def next_steps(session: boto3.Session, provider: dict[str, str], first: str) -> None:
    """Commands that work as they stand, in a shell in the root of the project."""
    heading("Where to look next")
    function = session.client("lambda").get_function_configuration(FunctionName=provider["ServiceToken"])
    group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}"
    print('  A shell that talks to the local AWS:   eval "$(local/aws env)"; PATH="$PWD/.venv/bin:$PATH"')
    print("  then, for example:")
    for command in ("aws ecr describe-repositories",
                    f"aws s3 ls --recursive s3://{provider['StateBucketName']}",
                    f"aws logs filter-log-events --log-group-name {group} --query 'events[].message' --output text",
                    f"aws cloudformation describe-stack-events --stack-name {EXAMPLE_STACK}"):
        print(f"    {command}")
    print("  Change examples/microservices.yaml (a name more, another MaxImageCount), then: make demo")
    if first:
        print(f"  Other ways to declare repositories than that of {first}: examples/")
    print("  The same on AWS: sam build, then sam deploy (see samconfig.toml)")


def heading(text: str) -> None:
    """A title, underlined."""
    print(f"\n{text}\n{'-' * len(text)}")


def table(rows, margin: str = "  ") -> None:
    """Columns as wide as they must be."""
    rows = [tuple(map(str, row)) for row in rows]
    if not rows:
        print(f"{margin}none")
        return
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print((margin + "  ".join(cell.ljust(width) for cell, width in zip(row, widths))).rstrip())
