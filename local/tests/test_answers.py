"""Which answers of a custom resource CloudFormation takes, and which S3 takes for it."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from conftest import client
from own import ask, create_function, function_arn, noted, until
from steward_local.cloud.judgement import flaw

REQUEST = {"StackId": "stack", "RequestId": "request", "LogicalResourceId": "Thing"}
GOOD = REQUEST | {"Status": "SUCCESS", "Reason": "done\n\tindeed", "PhysicalResourceId": "id",
                  "NoEcho": False, "Data": {"Url": "é", "List": ["a", {"b": 1}]}}

# Answers with the bodies of its properties, in that order, and then waits to be asked again.
BOOTSTRAP = '''
while True:
    event, request = following()
    bodies = event["ResourceProperties"].get("Bodies", []) if event["RequestType"] != "Delete" else []
    base = {"Status": "SUCCESS", "PhysicalResourceId": "id", **{key: event[key] for key in
            ("StackId", "RequestId", "LogicalResourceId")}}
    note([put(event["ResponseURL"], json.dumps(base | json.loads(one["Body"])).encode(),
              {"Content-Type": "", **one.get("Headers", {})}) for one in bodies or [{"Body": "{}"}]])
    settle(request, None)
'''


def sent(**change: Any) -> str:
    """The flaw of the good answer with a change."""
    return flaw(json.dumps(GOOD | change).encode(), REQUEST)


def test_a_good_answer_has_no_flaw() -> None:
    assert sent() == ""
    assert sent(Status="FAILED", Reason="because") == ""
    # Without the request, as when a test makes up a URL, ids are not compared.
    assert flaw(json.dumps(GOOD | {"StackId": "other"}).encode(), None) == ""


@pytest.mark.parametrize(("change", "words"), [
    ({"Reason": None}, "null at Reason"),
    ({"Data": {"List": ["a", {"b": None}]}}, "null at Data.List[1].b"),
    ({"Reason": "red \x1b[31m"}, "control character U+001B at Reason"),
    ({"Data": {"Url": "\x9b"}}, "control character U+009B at Data.Url"),
    ({"Data": {"a\x00": "b"}}, "control character in a name at Data"),
    ({"Status": "FAILED", "Reason": " "}, "FAILED without a Reason"),
    ({"Status": "success"}, "Status is neither"),
    ({"Reason": {"code": 1}}, "Reason is not a string"),
    ({"Data": ["a"]}, "Data is not an object"),
    ({"NoEcho": "true"}, "NoEcho is not a boolean"),
    ({"StackId": "other"}, "StackId is not that of the request"),
    ({"RequestId": "other"}, "RequestId is not"),
    ({"LogicalResourceId": "Thing2"}, "LogicalResourceId is not"),
    ({"PhysicalResourceId": None}, "Invalid PhysicalResourceId"),
    ({"PhysicalResourceId": "x" * 1025}, "Invalid PhysicalResourceId"),
    ({"Data": {"Url": "x" * 4096}}, "Response object is too long"),
])
def test_a_flaw_is_named_with_its_place(change: dict[str, Any], words: str) -> None:
    assert words in sent(**change)


def test_half_a_character_is_a_flaw_too() -> None:
    assert "U+D800" in flaw(json.dumps(GOOD).replace("done", "\\ud800").encode(), REQUEST)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'"x"', b"\xff"])
def test_what_is_no_object_is_no_answer(body: bytes) -> None:
    assert "not a JSON object" in flaw(body, REQUEST)


def accounts(base: str) -> dict[str, dict[str, Any]]:
    """What became of every URL, by its token."""
    return {one["token"]: one for one in json.loads(ask("GET", base + "/_steward/answers")[1])}


def account(base: str, token: str) -> dict[str, Any]:
    """What became of a URL."""
    return accounts(base)[token]


@pytest.fixture
def url(ministack: str) -> str:
    """A URL nobody has put to."""
    return f"{ministack}/_ministack/cfn-response/{uuid.uuid4()}"


def test_a_condition_keeps_the_first_answer(ministack: str, url: str) -> None:
    first, second = json.dumps(GOOD).encode(), json.dumps(GOOD | {"Status": "FAILED"}).encode()
    headers = {"Content-Type": "", "If-None-Match": "*"}
    assert ask("PUT", url, first, headers)[0] == 200
    assert ask("PUT", url, first, headers)[0] == 412
    status, body = ask("PUT", url, second, headers)
    assert status == 412 and b"<Code>PreconditionFailed</Code>" in body
    seen = account(ministack, url.rpartition("/")[2])
    assert (seen["taken"], seen["refused"], seen["differing"]) == (1, 2, True)
    assert seen["standing"]["Status"] == "SUCCESS" and len(seen["bodies"]) == 2


def test_without_a_condition_the_last_answer_stands(ministack: str, url: str) -> None:
    for status in ("SUCCESS", "SUCCESS", "FAILED"):
        assert ask("PUT", url, json.dumps(GOOD | {"Status": status}).encode(), {"Content-Type": ""})[0] == 200
    seen = account(ministack, url.rpartition("/")[2])
    assert (seen["taken"], seen["refused"], seen["standing"]["Status"]) == (3, 0, "FAILED")


def test_the_same_answer_again_does_not_differ(ministack: str, url: str) -> None:
    for _ in range(2):
        ask("PUT", url, json.dumps(GOOD).encode(), {"Content-Type": ""})
    assert account(ministack, url.rpartition("/")[2])["differing"] is False


def test_s3_knows_one_condition_only_and_looks_at_the_signature_first(url: str) -> None:
    assert ask("PUT", url, b"{}", {"Content-Type": "", "If-None-Match": '"etag"'})[0] == 501
    assert ask("PUT", url, b"{}", {"Content-Type": "a/b", "If-None-Match": "*"})[0] == 403


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_knocking_at_the_host_gets_an_answer(ministack: str, method: str) -> None:
    assert ask(method, ministack + "/")[0] < 500


def test_the_account_is_emptied(ministack: str, url: str) -> None:
    ask("PUT", url, b"{}", {"Content-Type": ""})
    assert ask("DELETE", ministack + "/_steward/answers")[0] == 204
    assert url.rpartition("/")[2] not in accounts(ministack)


def create(ministack: str, notes: Path, bodies: list[dict[str, Any]]) -> tuple[str, str, dict[str, Any]]:
    """The status of a stack whose resource was answered so, its reasons, and the account of its Create."""
    functions, stacks = client(ministack, "lambda"), client(ministack, "cloudformation")
    name = f"answering-{uuid.uuid4().hex[:8]}"
    create_function(functions, name, notes, BOOTSTRAP)
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Thing": {
        "Type": "Custom::Thing", "Properties": {"ServiceToken": function_arn(name), "ServiceTimeout": 20,
                                                "Bodies": bodies}}}}))
    until(lambda: not stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"].endswith("IN_PROGRESS"), 40)
    reasons = " ".join(one.get("ResourceStatusReason", "")
                       for one in stacks.describe_stack_events(StackName=name)["StackEvents"])
    seen = next(one for one in accounts(ministack).values()
                if one["request"].get("StackId", "").split("/")[1:2] == [name]
                and one["request"]["RequestType"] == "Create")
    return stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"], reasons, seen


def test_an_answer_to_another_request_fails_the_stack(ministack: str, tmp_path: Path) -> None:
    status, reasons, seen = create(ministack, tmp_path / "notes", [{"Body": json.dumps({"RequestId": "another"})}])
    assert status == "ROLLBACK_COMPLETE"
    assert "RequestId is not that of the request" in reasons and "RequestId" in seen["flaw"]


def test_a_null_fails_the_stack(ministack: str, tmp_path: Path) -> None:
    status, reasons, _ = create(ministack, tmp_path / "notes", [{"Body": json.dumps({"Reason": None})}])
    assert status == "ROLLBACK_COMPLETE" and "null at Reason" in reasons


def test_a_late_failure_does_not_undo_a_success(ministack: str, tmp_path: Path) -> None:
    late = {"Body": json.dumps({"Status": "FAILED", "Reason": "late"}), "Headers": {"If-None-Match": "*"}}
    status, _, seen = create(ministack, tmp_path / "notes", [{"Body": "{}"}, late])
    assert status == "CREATE_COMPLETE"
    assert until(lambda: noted(tmp_path / "notes")) == [[200, 412]]
    assert "ResponseURL" not in seen["request"]
