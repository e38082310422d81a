"""What the demo has scanned: an image in the example's first repository, and what comes of its findings.

Nobody scans here. The local ECR is told what a scan found, and EventBridge that it is done, as ECR itself would.
"""

from __future__ import annotations

import datetime
import json
import os
import time
import urllib.request
from collections import Counter

import boto3
from demo import PROVIDER_STACK
from demo_show import heading, outputs, table

TAG = "v1.4.2"
FOUND = {"CRITICAL": 3, "HIGH": 17, "MEDIUM": 48, "LOW": 40, "INFORMATIONAL": 8, "UNDEFINED": 4}
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")
# A batch gathers for five seconds.
WAIT_SECONDS = 60
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
CONFIGURATION = "application/vnd.docker.container.image.v1+json"


def scan(session: boto3.Session, repository: str) -> str:
    """Pushes an image, lets a scan find something in it, and says so through EventBridge; the image's digest."""
    ecr = session.client("ecr")
    digest = push(ecr, repository)
    hub = session.client("securityhub")
    try:
        hub.enable_security_hub()
    except hub.exceptions.ResourceConflictException:
        pass
    control("PUT", "scans", {"repositoryName": repository, "imageDigest": digest, "status": "COMPLETE",
                             "generate": {"severities": FOUND, "seed": 1}})
    detail = {"scan-status": "COMPLETE", "repository-name": repository, "finding-severity-counts": FOUND,
              "image-digest": digest, "image-tags": [TAG]}
    answer = session.client("events").put_events(Entries=[{
        "Source": "aws.ecr", "DetailType": "ECR Image Scan", "Detail": json.dumps(detail),
        "Resources": [arn(session, repository)], "Time": datetime.datetime.now(datetime.timezone.utc)}])
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge did not take the event: {answer['Entries']}")
    return digest


def push(ecr, repository: str) -> str:
    """An image of no layers; the one of an earlier run where there is one."""
    manifest = {"schemaVersion": 2, "mediaType": DOCKER, "layers": [],
                "config": {"mediaType": CONFIGURATION, "size": 1, "digest": "sha256:" + "0" * 64}}
    try:
        pushed = ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=TAG)
        return pushed["image"]["imageId"]["imageDigest"]
    except ecr.exceptions.ImageAlreadyExistsException:
        [image] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": TAG}])["imageDetails"]
        return image["imageDigest"]


def arn(session: boto3.Session, repository: str) -> str:
    """A repository's ARN."""
    [found] = session.client("ecr").describe_repositories(repositoryNames=[repository])["repositories"]
    return found["repositoryArn"]


def control(method: str, path: str, wish: dict) -> None:
    """A switch of the local ECR; see local/steward_local/ecr/control.py."""
    url = f"{os.environ['AWS_ENDPOINT_URL_ECR']}/_steward/{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(urllib.request.Request(url, json.dumps(wish).encode(), method=method), timeout=30).close()


def wait(session: boto3.Session, repository: str, digest: str) -> int:
    """Until Security Hub has what the scan found; how many it has."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found = len(imported(session, repository, digest))
        if found >= sum(FOUND.values()):
            return found
        time.sleep(0.3)
    return len(imported(session, repository, digest))


def imported(session: boto3.Session, repository: str, digest: str) -> list[dict]:
    """What Security Hub has of the image and counts as open."""
    filters = {"ResourceId": [{"Comparison": "EQUALS", "Value": f"{arn(session, repository)}/{digest}"}],
               "RecordState": [{"Comparison": "EQUALS", "Value": "ACTIVE"}]}
    pages = session.client("securityhub").get_paginator("get_findings").paginate(
        Filters=filters, PaginationConfig={"PageSize": 100})
    return [finding for page in pages for finding in page["Findings"]]


# ---- showing ----


def show_findings(session: boto3.Session, repository: str, digest: str) -> None:
    """Counts, the worst, where the rest lies, and where to look next."""
    provider = outputs(session, PROVIDER_STACK)
    found = imported(session, repository, digest)
    heading(f"Findings of {repository}:{TAG} in Security Hub ({len(found)})")
    counts = Counter(finding["Severity"]["Label"] for finding in found)
    print("  " + ", ".join(f"{counts[severity]} {severity.lower()}" for severity in SEVERITIES if counts[severity]))
    print("\n  The worst:")
    worst = sorted(found, key=lambda finding: (-finding["Severity"]["Normalized"], finding["Title"]))[:3]
    table([(finding["Severity"]["Label"], finding["Title"]) for finding in worst], "    ")
    bucket = provider["StateBucketName"]
    keys = archive(session, bucket, repository)
    print("\n  Every change, for good, as one line of JSON each (gzip; Athena reads it):")
    for key in keys or ["nothing was archived"]:
        print(f"    {f's3://{bucket}/{key}' if keys else key}")
    print("\n  New critical and high ones were published to the topic, which nobody has subscribed to yet:")
    print(f"    {provider['NotificationTopicArn']}")
    print("  Other ways to tell people and programs: examples/findings-policy.yaml")
    log = session.client("cloudformation").describe_stack_resource(
        StackName=PROVIDER_STACK, LogicalResourceId="FindingsLogGroup")["StackResourceDetail"]["PhysicalResourceId"]
    print("\n  In a shell that talks to the local AWS (see below):")
    for command in (
            "aws securityhub get-findings --query 'Findings[].[Severity.Label, Title, Resources[0].Id]' --output table",
            f"aws s3 cp s3://{bucket}/{keys[-1]} - | gunzip | head -3" if keys else f"aws s3 ls s3://{bucket}",
            f"aws logs filter-log-events --log-group-name {log} --query 'events[].message' --output text",
            "cargo run --bin ecr-steward -- replay --help      # what could not be delivered, and again",
            "cargo run --bin ecr-steward -- findings --help    # what is known of an image; bringing in the past"):
        print(f"    {command}")


def archive(session: boto3.Session, bucket: str, repository: str) -> list[str]:
    """The objects of the archive about a repository, in the order of their days."""
    pages = session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="findings/archive/")
    part = f"/repository={repository.replace('/', '%2F')}/"
    return sorted(one["Key"] for page in pages for one in page.get("Contents", []) if part in one["Key"])
