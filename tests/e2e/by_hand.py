"""Repositories and images made by hand, without any of the settings a careful person would choose."""

from __future__ import annotations

import json
import time
from typing import Any

from cloud import Cloud

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
HOUR = 3_600
DAY = 24 * HOUR
FRIEND = {"Sid": "Friend", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
          "Action": ["ecr:BatchGetImage"]}
EVERYBODY = {"Sid": "Everybody", "Effect": "Allow", "Principal": "*",
             "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}


def careless(cloud: Cloud, name: str) -> None:
    """Tags move, nothing is scanned, nothing expires, nobody owns it, and everybody may pull."""
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName=name)
    ecr.set_repository_policy(repositoryName=name, policyText=policy(EVERYBODY, FRIEND))


def policy(*statements: dict[str, Any]) -> str:
    """A repository policy's text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def push(cloud: Cloud, repository: str, content: str, tag: str = "", age: float = 0, **more: Any) -> str:
    """An image told apart by a word, pushed some seconds ago; its digest."""
    ecr = cloud.client("ecr")
    text = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": [],
                       "annotations": {"content": content}} | more)
    answer = ecr.put_image(repositoryName=repository, imageManifest=text, **({"imageTag": tag} if tag else {}))
    digest = answer["image"]["imageId"]["imageDigest"]
    if age:
        cloud.control("POST", "images", {"repositoryName": repository, "imageDigest": digest,
                                         "imagePushedAt": time.time() - age})
    return digest


def push_index(cloud: Cloud, repository: str, children: list[str], tag: str, age: float = 0) -> str:
    """The end of a push for several platforms."""
    return push(cloud, repository, tag, tag, age, mediaType=INDEX, manifests=[
        {"mediaType": MANIFEST, "digest": one, "size": 1} for one in children])


def held(cloud: Cloud, repository: str) -> set[str]:
    """The digests a repository holds."""
    pages = cloud.client("ecr").get_paginator("describe_images").paginate(repositoryName=repository)
    return {one["imageDigest"] for page in pages for one in page["imageDetails"]}
