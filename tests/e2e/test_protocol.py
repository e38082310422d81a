"""The function itself: repeated requests, damaged ones, what is no request at all, and how it was built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from cloud import Cloud
from direct import Listener, invoke, request
from stacks import Lab

NO_STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/none/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Takes the answers of the test."""
    listener = Listener()
    yield listener
    listener.close()


# Rows: 14, 32, 34.
def test_a_request_delivered_twice_writes_nothing_and_answers_the_same(
        lab: Lab, cloud: Cloud, listener: Listener) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders", "customers")})
    before = lab.everything()
    properties = lab.properties("orders", "customers") | {"ServiceTimeout": "120"}
    again = request("Create", stack.id, listener.url, properties)
    with cloud.counting() as writes:
        assert invoke(cloud, again) == (None, None)
        assert invoke(cloud, again) == (None, None)
    assert writes == {}
    assert lab.everything() == before
    first, second = listener.bodies
    assert first == second
    listener.bodies.pop()
    answer = listener.answer()
    assert (answer["Status"], answer["RequestId"]) == ("SUCCESS", again["RequestId"])
    assert (answer["StackId"], answer["LogicalResourceId"]) == (stack.id, "Fleet")
    assert answer["PhysicalResourceId"] == stack.physical_id()
    assert set(answer["Data"]) == {
        "RegistryId", "RegistryUri", "RepositoryCount", "ParameterPrefix", "OutputsUri", "DockerLoginCommand",
        "K8sImagePullSecretCommand", "RepositoryUrls", "RepositoryArns", "Url.orders", "Url.customers", "Arn.orders",
        "Arn.customers", "DockerCommands", "AuthorizationPolicy", "OutputsTruncated"}
    assert all(isinstance(value, str) for value in answer["Data"].values())
    assert not listener.headers[0].get("content-type")


# Rows: 19.
def test_a_delete_delivered_twice_succeeds_twice(lab: Lab, cloud: Cloud, listener: Listener) -> None:
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    again = request("Delete", stack.id, listener.url, lab.properties("orders"),
                    PhysicalResourceId=stack.physical_id())
    stack.delete()
    with cloud.counting() as writes:
        assert invoke(cloud, again) == (None, None)
    assert listener.answer()["Status"] == "SUCCESS"
    assert writes == {}


# Rows: 24.
def test_a_delete_under_an_id_somebody_made_up_deletes_all_the_same(
        lab: Lab, cloud: Cloud, listener: Listener) -> None:
    """CloudFormation makes one up for a Create that was never answered."""
    stack = lab.stack()
    stack.create({"Fleet": lab.fleet("orders")})
    strange = request("Delete", stack.id, listener.url, lab.properties("orders"), PhysicalResourceId="2026/11/23/[$L]x")
    assert invoke(cloud, strange) == (None, None)
    answer = listener.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "2026/11/23/[$L]x")
    assert lab.everything() == ({}, {})


# Rows: 11.
def test_a_delete_with_unreadable_properties_succeeds(cloud: Cloud, listener: Listener) -> None:
    broken = request("Delete", NO_STACK, listener.url, {"RepositoryNames": 7},
                     PhysicalResourceId=f"ecr-steward/{NO_STACK.rpartition('/')[2]}/Fleet")
    assert invoke(cloud, broken) == (None, None)
    assert listener.answer()["Status"] == "SUCCESS"


# Rows: 7, 8, 12.
@pytest.mark.parametrize("more, words", [
    ({"RequestType": "Destroy"}, 'RequestType "Destroy" is unknown'),
    ({"RequestType": None}, "the request has no RequestType"),
    ({"ResourceProperties": []}, "ResourceProperties is not an object"),
    ({"ResourceType": "Custom::Else"}, '"Custom::Else" is not served here'),
    ({"StackId": "not-an-arn"}, '"not-an-arn" is not the ARN of a CloudFormation stack'),
    ({"ResourceProperties": None}, "RepositoryNames: is required"),
], ids=lambda value: " ".join(value) if isinstance(value, dict) else "")
def test_a_damaged_request_is_answered_with_what_is_wrong(
        cloud: Cloud, listener: Listener, more: dict, words: str) -> None:
    with cloud.counting() as writes:
        assert invoke(cloud, request("Create", NO_STACK, listener.url, {}, **more)) == (None, None)
    answer = listener.answer()
    assert answer["Status"] == "FAILED"
    assert words in answer["Reason"]
    assert answer["PhysicalResourceId"]
    assert writes == {}


# Rows: 25.
def test_a_failed_update_keeps_the_id_it_was_sent(cloud: Cloud, listener: Listener) -> None:
    assert invoke(cloud, request("Update", NO_STACK, listener.url, {}, PhysicalResourceId="as-it-was")) == (None, None)
    answer = listener.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "as-it-was")


# Rows: 35.
def test_an_answer_is_sent_again_when_it_was_not_taken(cloud: Cloud, listener: Listener) -> None:
    listener.refusals = 2
    assert invoke(cloud, request("Create", NO_STACK, listener.url, {})) == (None, None)
    assert listener.answer()["Status"] == "FAILED"
    assert len(listener.headers) == 3


# Rows: 60.
@pytest.mark.parametrize("payload", [
    {}, [], None, "text", 7, {"hello": "world"}, {"Records": []}, {"Records": [{"eventSource": "aws:s3"}]},
    {"version": "0", "source": "aws.ecr", "detail-type": "ECR Image Action", "detail": {}},
], ids=repr)
def test_what_is_no_request_is_a_typed_error(cloud: Cloud, payload: object) -> None:
    returned, error = invoke(cloud, payload)
    assert returned is None
    assert error["errorType"] == "NotARequest"
    assert "neither a CloudFormation custom-resource request nor a message" in error["errorMessage"]


# Rows: 7.
@pytest.mark.parametrize("more, words", [
    ({"ResponseURL": None}, "it has no ResponseURL"),
    ({"ResponseURL": "ftp://example.com/x"}, "its ResponseURL is not an https URL"),
    ({"RequestId": None}, "it has no RequestId"),
    ({"LogicalResourceId": None}, "it has no LogicalResourceId"),
], ids=lambda value: " ".join(value) if isinstance(value, dict) else "")
def test_a_request_nobody_can_be_answered_for_is_a_typed_error(
        cloud: Cloud, listener: Listener, more: dict, words: str) -> None:
    _, error = invoke(cloud, request("Create", NO_STACK, listener.url, {}, **more))
    assert error["errorType"] == "DamagedRequest"
    assert f"the CloudFormation request cannot be answered: {words}" in error["errorMessage"]
    assert listener.bodies == []


# Rows: 43.
def test_an_answer_nobody_takes_is_an_error_without_the_url(cloud: Cloud) -> None:
    url = "http://127.0.0.1:9/answer?signature=secret"
    properties = {"ServiceTimeout": "3"}
    _, error = invoke(cloud, request("Create", NO_STACK, url, properties))
    assert error["errorType"] == "AnswerNotDelivered"
    assert "secret" not in str(error)


# Rows: 60.
def test_a_message_that_cannot_be_read_fails_alone(cloud: Cloud) -> None:
    record = {"messageId": "one", "eventSource": "aws:sqs", "body": "nonsense"}
    returned, error = invoke(cloud, {"Records": [record]})
    assert error is None
    assert returned == {"batchItemFailures": [{"itemIdentifier": "one"}]}


def test_the_responder_links_no_client_of_a_service(bootstrap: Path) -> None:
    """What answers when all else has failed has as little in it as can be."""
    names = (b"AmazonEC2ContainerRegistry", b"AmazonSSM", b"AmazonSQS", b"DescribeStacks", b"aws4_request")
    custom_resource, responder = (
        path.read_bytes() for path in (bootstrap, bootstrap.parents[1] / "ResponderFunction" / "bootstrap"))
    assert all(name in custom_resource for name in names)
    assert [name for name in names if name in responder] == []
    assert len(responder) < len(custom_resource) / 2


# Rows: 1.
def test_the_function_was_built_to_survive_a_panic(bootstrap: Path) -> None:
    """No request is known that makes it panic, but started without what Lambda sets it does. Unwinding ends that in an
    exit of its own; with panic=abort, which build tools like to add, a signal would end it."""
    ended = subprocess.run([str(bootstrap)], env={}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=30)
    assert b"panicked at" in ended.stderr
    assert ended.returncode == 101
