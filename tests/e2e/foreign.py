"""Repositories somebody made by hand."""

from __future__ import annotations

import json
from typing import Any

from cloud import Cloud
from stacks import Lab, listed

POLICY = {"Version": "2012-10-17", "Statement": [
    {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
     "Action": ["ecr:BatchGetImage"]}]}
LIFECYCLE = {"rules": [{
    "rulePriority": 5, "description": "theirs", "action": {"type": "expire"},
    "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 7}}]}


def foreign(lab: Lab, cloud: Cloud, short: str) -> dict[str, Any]:
    """A repository with settings of every kind, as ECR holds it."""
    ecr, name = cloud.client("ecr"), lab.name(short)
    ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE",
                          imageScanningConfiguration={"scanOnPush": False},
                          tags=listed({"Project": "theirs", "whose": "mine"}))
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(LIFECYCLE))
    ecr.set_repository_policy(repositoryName=name, policyText=json.dumps(POLICY))
    cloud.push_image(name, "v1")
    return lab.registry()[name]
