"""The usual function: boto3, two clients made while it starts, one call when an event comes.

Lambda's own Python runtime does more before it asks for an event; this loop is the least that can be done, in the
peer's favour. So is what is missing here: any work on the event.
"""

import http.client
import json
import os

import boto3

ECR = boto3.client("ecr")
SSM = boto3.client("ssm")
RUNTIME = "/2018-06-01/runtime/invocation"


def handler(event):
    """Looks at the repositories."""
    return {"repositories": len(ECR.describe_repositories()["repositories"]), "was": event.get("RequestType")}


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


main()
