"""S3 and SSM as the application uses them: conditional writes, listings, bodies untouched, secrets."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any, Iterator

import pytest
from conftest import client, refusal
from own import until


@pytest.fixture(scope="module")
def s3(ministack: str) -> Any:
    """S3."""
    return client(ministack, "s3")


@pytest.fixture
def bucket(s3: Any) -> Iterator[str]:
    """A bucket of the test's own."""
    name = f"store-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    yield name


def status(s3: Any, **wish: Any) -> int:
    """Of a conditional write."""
    try:
        return s3.put_object(**wish)["ResponseMetadata"]["HTTPStatusCode"]
    except s3.exceptions.ClientError as problem:
        return problem.response["ResponseMetadata"]["HTTPStatusCode"]


def test_only_the_first_creates(s3: Any, bucket: str) -> None:
    wish = {"Bucket": bucket, "Key": "state/a", "IfNoneMatch": "*"}
    assert [status(s3, Body=b"1", **wish), status(s3, Body=b"2", **wish)] == [200, 412]
    assert s3.get_object(Bucket=bucket, Key="state/a")["Body"].read() == b"1"
    s3.delete_object(Bucket=bucket, Key="state/a")
    assert status(s3, Body=b"3", **wish) == 200


def test_only_who_has_read_the_last_changes(s3: Any, bucket: str) -> None:
    key = {"Bucket": bucket, "Key": "state/a"}
    old = s3.put_object(Body=b"1", **key)["ETag"]
    new = s3.put_object(Body=b"2", IfMatch=old, **key)["ETag"]
    assert new != old and s3.get_object(**key)["ETag"] == new
    assert refusal(s3.put_object, Body=b"3", IfMatch=old, **key)[0] == "PreconditionFailed"
    assert s3.get_object(**key)["Body"].read() == b"2"
    # There is nothing to match.
    assert refusal(s3.put_object, Bucket=bucket, Key="none", Body=b"4", IfMatch=new)[0] == "NoSuchKey"


def test_an_object_that_is_known_is_not_sent_again(s3: Any, bucket: str) -> None:
    key = {"Bucket": bucket, "Key": "a"}
    tag = s3.put_object(Body=b"1", **key)["ETag"]
    assert refusal(s3.get_object, IfNoneMatch=tag, **key)[0] == "304"
    assert refusal(s3.get_object, Bucket=bucket, Key="none")[0] == "NoSuchKey"


def test_listings_come_in_pages_and_folders(s3: Any, bucket: str) -> None:
    keys = [f"findings/{repository}/{number:02}.json" for repository in ("a", "b/c", "d") for number in range(5)]
    for key in [*keys, "other"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    seen, pages, token = [], 0, {}
    while True:
        answer = s3.list_objects_v2(Bucket=bucket, Prefix="findings/", MaxKeys=4, **token)
        seen, pages = seen + [one["Key"] for one in answer["Contents"]], pages + 1
        if not answer["IsTruncated"]:
            break
        token = {"ContinuationToken": answer["NextContinuationToken"]}
    assert (seen, pages) == (keys, 4) and "NextContinuationToken" not in answer
    folders, token = [], {}
    while True:
        answer = s3.list_objects_v2(Bucket=bucket, Prefix="findings/", Delimiter="/", MaxKeys=2, **token)
        assert "Contents" not in answer
        folders += [one["Prefix"] for one in answer["CommonPrefixes"]]
        if not answer["IsTruncated"]:
            break
        token = {"ContinuationToken": answer["NextContinuationToken"]}
    assert folders == ["findings/a/", "findings/b/", "findings/d/"]
    after = s3.list_objects_v2(Bucket=bucket, Prefix="findings/", StartAfter=keys[12])["Contents"]
    assert [one["Key"] for one in after] == keys[13:]


@pytest.mark.parametrize("encoding", [{}, {"ContentEncoding": "gzip", "ContentType": "application/x-ndjson"}])
def test_packed_bodies_stay_packed(s3: Any, bucket: str, encoding: dict[str, str]) -> None:
    body = gzip.compress(b'{"a": 1}\n' * 1000)
    s3.put_object(Bucket=bucket, Key="archive/a.gz", Body=body, **encoding)
    answer = s3.get_object(Bucket=bucket, Key="archive/a.gz")
    assert (answer["Body"].read(), answer.get("ContentEncoding")) == (body, encoding.get("ContentEncoding"))


def test_many_are_deleted_at_once_and_some_need_not_be_there(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": one} for one in ("a", "b", "none")]})
    assert sorted(one["Key"] for one in answer["Deleted"]) == ["a", "b", "none"] and "Errors" not in answer
    s3.delete_object(Bucket=bucket, Key="none")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["c"]


def test_secrets_are_read_only_when_asked_for(ministack: str) -> None:
    ssm = client(ministack, "ssm")
    name = f"/ecr-steward/secrets/{uuid.uuid4().hex}"
    ssm.put_parameter(Name=name, Value="https://hooks.example.org/x", Type="SecureString")
    shown = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (shown["Value"], shown["Type"]) == ("https://hooks.example.org/x", "SecureString")
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] != "https://hooks.example.org/x"
    found = ssm.get_parameters(Names=[name, name + "x"], WithDecryption=True)
    assert [one["Value"] for one in found["Parameters"]] == ["https://hooks.example.org/x"]
    assert found["InvalidParameters"] == [name + "x"]
    assert refusal(ssm.get_parameter, Name=name + "x")[0] == "ParameterNotFound"


def test_in_a_bucket_with_versions_what_was_deleted_can_be_created_again(ministack: str, s3: Any) -> None:
    stacks, name = client(ministack, "cloudformation"), f"bucket-{uuid.uuid4().hex[:8]}"
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Bucket": {
        "Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}},
        "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}}}))
    until(lambda: stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    made = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"][0]["OutputValue"]
    assert s3.get_bucket_versioning(Bucket=made)["Status"] == "Enabled"
    wish = {"Bucket": made, "Key": "a", "IfNoneMatch": "*"}
    assert [status(s3, Body=b"1", **wish), status(s3, Body=b"2", **wish)] == [200, 412]
    s3.delete_object(Bucket=made, Key="a")
    assert status(s3, Body=b"3", **wish) == 200
