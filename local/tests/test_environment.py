"""Where clients go that have the variables functions and shells are given."""

from __future__ import annotations

import pytest
from botocore.session import Session
from steward_local.settings import client_environment, endpoint


@pytest.mark.parametrize(("service", "port"), [
    ("ecr", 2), ("ecr-public", 2), ("securityhub", 2), ("inspector2", 2), ("sns", 1), ("events", 1), ("sqs", 1),
    ("s3", 1), ("ssm", 1), ("cloudformation", 1), ("lambda", 1), ("cloudwatch", 1)])
def test_each_service_is_where_it_is_served(monkeypatch: pytest.MonkeyPatch, service: str, port: int) -> None:
    for name, value in client_environment(1, 2).items():
        monkeypatch.setenv(name, value)
    client = Session().create_client(service)
    assert client.meta.endpoint_url == endpoint(port)
    assert client.meta.region_name == "us-east-1"
