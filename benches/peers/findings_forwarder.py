"""The usual forwarder of scan findings to Security Hub, as it is published again and again.

FORWARDER says how it works:
- `usual`: one page of at most 1,000 findings, critical and high ones only, one import call for each, and a catch-all
  around it so that an error is a line in the log.
- `careful`: all pages, all severities; still one call for each.
- `batching`: as careful, with a hundred findings in a call. Nobody publishes that; it tells what is Python's share.

None keeps a record of what it sent, so each rescan sends everything again. The loop is the least that can be done, in
the peer's favour; see `boto3_function.py`.
"""

import datetime
import http.client
import json
import os

import boto3

ECR = boto3.client("ecr")
HUB = boto3.client("securityhub")
ACCOUNT, REGION = os.environ["ACCOUNT_ID"], os.environ["AWS_REGION"]
HOW = os.environ["FORWARDER"]
BATCH = 100 if HOW == "batching" else 1
RUNTIME = "/2018-06-01/runtime/invocation"
LABELS = {"UNDEFINED": "INFORMATIONAL"}


def handler(event):
    """The messages of a queue, with an event in each."""
    for record in event["Records"]:
        scan = json.loads(record["body"])
        try:
            forward(scan["detail"], scan["resources"][0])
        except Exception as problem:
            print(problem)
            if HOW != "usual":
                raise
    return {"statusCode": 200}


def forward(detail, repository_arn):
    """Every finding of the scan, or what is taken for that."""
    image = {"imageDigest": detail["image-digest"]}
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    batch = []
    for finding in found(detail["repository-name"], image):
        if HOW == "usual" and finding["severity"] not in ("CRITICAL", "HIGH"):
            continue
        batch.append(translated(finding, detail, repository_arn, now))
        if len(batch) == BATCH:
            HUB.batch_import_findings(Findings=batch)
            batch = []
    if batch:
        HUB.batch_import_findings(Findings=batch)


def found(repository, image):
    """What ECR says."""
    if HOW == "usual":
        answer = ECR.describe_image_scan_findings(repositoryName=repository, imageId=image, maxResults=1000)
        yield from answer["imageScanFindings"]["findings"]
        return
    pages = ECR.get_paginator("describe_image_scan_findings").paginate(
        repositoryName=repository, imageId=image, PaginationConfig={"PageSize": 1000})
    for page in pages:
        yield from page["imageScanFindings"]["findings"]


def translated(finding, detail, repository_arn, now):
    """In Security Hub's format."""
    attributes = {one["key"]: one["value"] for one in finding.get("attributes", [])}
    name, package = finding["name"], attributes.get("package_name", "")
    tag = detail["image-tags"][0]
    label = LABELS.get(finding["severity"], finding["severity"])
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"{repository_arn}:{tag}/{name}/{package}",
        "ProductArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default",
        "GeneratorId": "ecr-image-scan",
        "AwsAccountId": ACCOUNT,
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "CreatedAt": now,
        "UpdatedAt": now,
        "Severity": {"Label": label, "Original": finding["severity"]},
        "Title": f"{name} in {package}",
        "Description": finding.get("description", name)[:1024],
        "Remediation": {"Recommendation": {"Text": "More on this", "Url": finding["uri"]}},
        "ProductFields": {"ImageTag": tag, "Repository": detail["repository-name"]},
        "Resources": [{
            "Type": "AwsEcrContainerImage",
            "Id": f"{repository_arn}/{detail['image-digest']}",
            "Partition": "aws",
            "Region": REGION,
            "Details": {"AwsEcrContainerImage": {"RepositoryName": detail["repository-name"],
                                                 "ImageDigest": detail["image-digest"],
                                                 "ImageTags": detail["image-tags"]}},
        }],
        "Vulnerabilities": [{"Id": name, "VulnerablePackages": [
            {"Name": package, "Version": attributes.get("package_version", "")}]}],
        "RecordState": "ACTIVE",
    }


def main():
    """The loop of a custom runtime."""
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", f"{RUNTIME}/next")
        invocation = api.getresponse()
        event = json.loads(invocation.read())
        identity = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        api.request("POST", f"{RUNTIME}/{identity}/response", json.dumps(handler(event)))
        api.getresponse().read()


if __name__ == "__main__":
    main()
