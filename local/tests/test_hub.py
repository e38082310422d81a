"""Security Hub: what it takes, what it keeps, and whose fields are whose."""

from __future__ import annotations

import copy
import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any, Iterator

import pytest
from conftest import ACCOUNT, client, control, refusal
from steward_local.hub.store import moment

PRODUCT = f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product/{ACCOUNT}/default"
VULNERABILITY = {"Id": "CVE-2026-0001", "VulnerablePackages": [{"Name": "openssl", "Version": "3.0.1"}],
                 "Cvss": [{"Version": "3.1", "BaseScore": 9.8}], "Vendor": {"Name": "NVD"}, "FixAvailable": "YES",
                 "EpssScore": 0.5, "ExploitAvailable": "NO", "ReferenceUrls": ["https://example.org"]}
IMAGE = {"Type": "AwsEcrContainerImage", "Id": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app/sha256:0",
         "Partition": "aws", "Region": "us-east-1", "Details": {
             "AwsEcrContainerImage": {"RepositoryName": "app", "ImageTags": ["v1"]}, "Other": {"parent": "x"}}}


@pytest.fixture(scope="module")
def securityhub(url: str) -> Any:
    """One client for all: its model takes half a second to read."""
    return client(url, "securityhub")


@pytest.fixture
def hub(url: str, securityhub: Any) -> Iterator[Any]:
    """Security Hub, enabled and empty."""
    control("PUT", url, "hub", {"enabled": True})
    yield securityhub
    control("DELETE", url, "hub")
    for path in ("poisons", "limits", "faults"):
        control("DELETE", url, path)


def finding(**change: Any) -> dict[str, Any]:
    """One that is good, with changes; a None takes a field away."""
    made = {"SchemaVersion": "2018-10-08", "Id": uuid.uuid4().hex, "ProductArn": PRODUCT, "GeneratorId": "ecr-steward",
            "AwsAccountId": ACCOUNT, "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
            "CreatedAt": "2026-01-01T00:00:00Z", "UpdatedAt": "2026-01-02T00:00:00.123456789Z",
            "Severity": {"Label": "HIGH", "Original": "HIGH"}, "Title": "a title", "Description": "line one\nline two",
            "Remediation": {"Recommendation": {"Text": "update"}}, "ProductFields": {"ecr-steward/digest": "sha256:0"},
            "Resources": [IMAGE], "Vulnerabilities": [VULNERABILITY], "RecordState": "ACTIVE",
            "FindingProviderFields": {"Severity": {"Label": "HIGH", "Original": "HIGH"}, "Types": [
                "Software and Configuration Checks/Vulnerabilities/CVE"]}} | change
    return {key: value for key, value in copy.deepcopy(made).items() if value is not None}


def imported(hub: Any, *findings: dict[str, Any]) -> list[tuple[str, str]]:
    """Ids and messages of what failed."""
    answer = hub.batch_import_findings(Findings=list(findings))
    assert answer["FailedCount"] == len(answer["FailedFindings"])
    assert answer["SuccessCount"] + answer["FailedCount"] == len(findings)
    assert all(one["ErrorCode"] == "InvalidInput" for one in answer["FailedFindings"])
    return [(one["Id"], one["ErrorMessage"]) for one in answer["FailedFindings"]]


def stored(url: str) -> dict[str, Any]:
    """All findings by id."""
    return control("GET", url, "hub")["findings"]


def test_without_a_subscription_there_is_no_access(url: str, hub: Any) -> None:
    hub.disable_security_hub()
    for call, wish in ((hub.batch_import_findings, {"Findings": [finding()]}), (hub.get_findings, {})):
        with pytest.raises(hub.exceptions.ClientError) as caught:
            call(**wish)
        assert caught.value.response["Error"]["Code"] == "InvalidAccessException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 401
    hub.enable_security_hub()
    assert imported(hub, finding()) == []
    control("PUT", url, "hub", {"enabled": False})
    assert refusal(hub.get_findings)[0] == "InvalidAccessException"
    # Subscribed is one Region at a time.
    assert refusal(client(url, "securityhub", "eu-west-3").get_findings)[0] == "InvalidAccessException"


@pytest.mark.parametrize("findings", [[], [finding() for _ in range(101)], None,
                                      [finding(ProductFields={f"k{n}": "x" * 2000 for n in range(35)})] * 90])
def test_a_call_that_is_too_large_or_empty_imports_nothing(hub: Any, url: str, findings: Any) -> None:
    wish = {} if findings is None else {"Findings": findings}
    assert refusal(hub.batch_import_findings, **wish)[0] == "InvalidInputException"
    assert stored(url) == {}


def long(count: int, length: int) -> dict[str, str]:
    """So many pairs of such a value."""
    return {f"k{number}": "x" * length for number in range(count)}


@pytest.mark.parametrize(("change", "place"), [
    *(({name: None}, name) for name in ("SchemaVersion", "GeneratorId", "AwsAccountId", "CreatedAt",
                                        "UpdatedAt", "Title", "Description", "Resources", "ProductArn")),
    ({"SchemaVersion": "2018-10-09"}, "SchemaVersion"),
    ({"Id": "x" * 513}, "Id"), ({"Id": " "}, "Id"), ({"GeneratorId": "x" * 513}, "GeneratorId"),
    ({"Title": "x" * 257}, "Title"), ({"Title": ""}, "Title"), ({"Description": "x" * 1025}, "Description"),
    ({"ProductArn": PRODUCT.replace(ACCOUNT, "1" * 12)}, "ProductArn"),
    ({"ProductArn": PRODUCT.replace("us-east-1", "us-east-2")}, "ProductArn"),
    ({"AwsAccountId": "1" * 12}, "AwsAccountId"),
    ({"CreatedAt": "2026-01-01"}, "CreatedAt"), ({"UpdatedAt": "2026-13-01T00:00:00Z"}, "UpdatedAt"),
    ({"UpdatedAt": "2026-01-01T00:00:00"}, "UpdatedAt"), ({"LastObservedAt": "yesterday"}, "LastObservedAt"),
    ({"Severity": None, "FindingProviderFields": None}, "Severity"), ({"Severity": {"Label": "UNTRIAGED"}}, "Severity"),
    ({"Severity": {"Normalized": 101}}, "Severity.Normalized"),
    ({"Resources": []}, "Resources"), ({"Resources": [IMAGE] * 33}, "Resources"),
    ({"Resources": [{"Type": "Other"}]}, "Resources.1.member.Id"), ({"Resources": [{"Id": "x"}]}, "Type"),
    ({"Resources": [IMAGE | {"Id": "x" * 513}]}, "Resources[0].Id"),
    ({"Resources": [IMAGE | {"Details": {"Other": {"k": "x" * 1025}}}]}, "Details.Other"),
    ({"Resources": [IMAGE | {"Details": {"AwsEcrContainerImage": {"ImageTags": [""]}}}]}, "ImageTags"),
    ({"Types": ["Software and Configuration Checks/A/B"] * 51}, "Types"), ({"Types": ["Vulnerabilities/CVE"]}, "Types"),
    ({"Types": ["TTPs//x"]}, "Types"), ({"Types": ["TTPs/a/b/c"]}, "Types"),
    ({"Remediation": {"Recommendation": {"Text": ""}}}, "Text"),
    ({"Remediation": {"Recommendation": {"Text": "x" * 513}}}, "Remediation.Recommendation.Text"),
    ({"ProductFields": long(51, 1)}, "ProductFields"), ({"ProductFields": {"k" * 129: "x"}}, "ProductFields"),
    ({"ProductFields": long(1, 2049)}, "ProductFields"), ({"ProductFields": {"k": ""}}, "ProductFields.k"),
    ({"RelatedFindings": [{"ProductArn": PRODUCT, "Id": "x"}] * 11}, "RelatedFindings"),
    ({"SourceUrl": "x" * 32_768}, "SourceUrl"),
    ({"Vulnerabilities": [{}]}, "Vulnerabilities.1.member.Id"),
    ({"Vulnerabilities": [VULNERABILITY | {"Vendor": {"Url": "x"}}]}, "Vendor.Name"),
    ({"Vulnerabilities": [VULNERABILITY | {"FixAvailable": "MAYBE"}]}, "FixAvailable"),
    ({"Vulnerabilities": [VULNERABILITY | {"ExploitAvailable": "PARTIAL"}]}, "ExploitAvailable"),
    ({"Vulnerabilities": [VULNERABILITY] * 1500}, "240 KB"),
    ({"RecordState": "GONE"}, "RecordState"),
])
def test_one_bad_finding_fails_alone(hub: Any, url: str, change: dict[str, Any], place: str) -> None:
    good, bad = finding(), finding(**change)
    [(failed, message)] = imported(hub, good, bad)
    assert failed == bad.get("Id", "") and place in message
    assert list(stored(url)) == [good["Id"]]


@pytest.mark.parametrize("change", [
    {"Id": "x" * 512, "Title": "é" * 256, "Description": "é" * 1024}, {"Resources": [IMAGE] * 32},
    {"ProductFields": long(50, 2048)}, {"Types": ["TTPs"]}, {"SourceUrl": "x" * 32_767},
    {"UpdatedAt": "2026-01-02T03:04:05+0100"}, {"UpdatedAt": "2026-01-02T03:04:05.1-07:30"},
    {"Vulnerabilities": [VULNERABILITY | {"EpssScore": 1}]}, {"Severity": None}, {"FindingProviderFields": None}])
def test_what_just_fits_is_taken(hub: Any, url: str, change: dict[str, Any]) -> None:
    one = finding(**change)
    if "Severity" not in one:
        one["Severity"] = {"Original": "HIGH"}
    assert imported(hub, one) == []
    assert stored(url)[one["Id"]]["Severity"] == {"Label": "HIGH", "Normalized": 70, "Original": "HIGH"}


def raw(url: str, body: bytes) -> tuple[int, str, bytes]:
    """An import as no SDK would send it: status, error and body of the answer."""
    scope = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/securityhub/aws4_request, Signature=none"
    request = urllib.request.Request(f"{url}/findings/import", body, {
        "Authorization": scope, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, "", answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.headers["x-amzn-errortype"], problem.read()


@pytest.mark.parametrize("change", [{"Title": 7}, {"Types": "TTPs"}, {"Confidence": "high"}, {"ProductFields": []},
                                    {"Vulnerabilities": [VULNERABILITY | {"EpssScore": "0.5"}]}])
def test_json_of_the_wrong_kind_fails_the_call(hub: Any, url: str, change: dict[str, Any]) -> None:
    body = json.dumps({"Findings": [finding(), finding(**change)]}).encode()
    assert raw(url, body)[:2] == (400, "SerializationException")
    assert stored(url) == {}


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"Findings": [7]}'])
def test_what_is_no_import_at_all_is_refused(hub: Any, url: str, body: bytes) -> None:
    assert raw(url, body)[:2] == (400, "SerializationException")


def test_a_field_the_format_does_not_have_is_found(hub: Any, url: str) -> None:
    status, _, body = raw(url, json.dumps({"Findings": [finding(Colour="red"), finding()]}).encode())
    answer = json.loads(body)
    assert (status, answer["FailedCount"], answer["SuccessCount"]) == (200, 1, 1)
    assert "data.Colour" in answer["FailedFindings"][0]["ErrorMessage"]


def test_a_user_keeps_what_is_the_users(hub: Any, url: str) -> None:
    one = finding()
    imported(hub, one)
    assert stored(url)[one["Id"]]["Workflow"] == {"Status": "NEW"}
    key = {"Id": one["Id"], "ProductArn": PRODUCT}
    answer = hub.batch_update_findings(
        FindingIdentifiers=[key, key | {"Id": "unknown"}], Workflow={"Status": "SUPPRESSED"},
        Note={"Text": "mine", "UpdatedBy": "me"}, UserDefinedFields={"ticket": "7"}, Severity={"Label": "LOW"})
    assert answer["ProcessedFindings"] == [key]
    assert [one["ErrorCode"] for one in answer["UnprocessedFindings"]] == ["FindingNotFound"]
    assert imported(hub, one | {"UpdatedAt": "2026-01-03T00:00:00Z", "Title": "new", "Workflow": {"Status": "NEW"},
                                "Note": {"Text": "theirs", "UpdatedBy": "x", "UpdatedAt": "2026-01-01T00:00:00Z"},
                                "SourceUrl": "https://example.org"}) == []
    now = stored(url)[one["Id"]]
    assert (now["Title"], now["SourceUrl"]) == ("new", "https://example.org")
    assert (now["Workflow"], now["Note"]["Text"], now["UserDefinedFields"]) == (
        {"Status": "SUPPRESSED"}, "mine", {"ticket": "7"})
    assert now["Severity"]["Label"] == "LOW" and now["FindingProviderFields"]["Severity"]["Label"] == "HIGH"


@pytest.mark.parametrize(("status", "after"), [("NOTIFIED", "NEW"), ("RESOLVED", "NEW"), ("SUPPRESSED", "SUPPRESSED")])
def test_a_finding_that_comes_back_is_new(hub: Any, url: str, status: str, after: str) -> None:
    one = finding()
    imported(hub, one)
    hub.batch_update_findings(FindingIdentifiers=[{"Id": one["Id"], "ProductArn": PRODUCT}],
                              Workflow={"Status": status})
    for day, state, expected in ((3, "ACTIVE", status), (4, "ARCHIVED", status), (5, "ACTIVE", after)):
        imported(hub, one | {"UpdatedAt": f"2026-01-0{day}T00:00:00Z", "RecordState": state})
        now = stored(url)[one["Id"]]
        assert (now["RecordState"], now["Workflow"]["Status"]) == (state, expected)


def test_an_update_that_is_not_later_changes_nothing_and_says_nothing(hub: Any, url: str) -> None:
    one = finding()
    imported(hub, one)
    for updated in ("2026-01-02T00:00:00.123456789Z", "2026-01-02T00:00:00.123456788Z", "2026-01-02T05:00:00+06:00"):
        assert imported(hub, one | {"Title": "late", "UpdatedAt": updated}) == []
    assert stored(url)[one["Id"]]["Title"] == "a title"
    assert control("GET", url, "hub")["ignored"] == [one["Id"]] * 3
    imported(hub, one | {"Title": "in time", "UpdatedAt": "2026-01-02T00:00:00.12345679Z"})
    assert stored(url)[one["Id"]]["Title"] == "in time"


def test_times_compare_by_what_they_mean() -> None:
    same = ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00+01:00", "2026-01-01T02:00:00.000+0100"]
    assert len({moment(one) for one in same}) == 1
    assert moment("2026-01-01T01:00:00.1Z") > moment("2026-01-01T01:00:00.09Z")


def found(hub: Any, **filters: Any) -> list[str]:
    """Titles of what fits."""
    wish = {name: [{"Comparison": how, "Value": value} for how, value in entries] for name, entries in filters.items()}
    return sorted(one["Title"] for one in hub.get_findings(Filters=wish)["Findings"])


def test_findings_are_filtered(hub: Any) -> None:
    imported(hub, finding(Title="a", RecordState="ARCHIVED", GeneratorId="ecr-steward/basic"),
             finding(Title="b", Resources=[IMAGE | {"Id": "other"}]), finding(Title="c", GeneratorId="else"))
    assert found(hub, RecordState=[("EQUALS", "ACTIVE")]) == ["b", "c"]
    assert found(hub, GeneratorId=[("PREFIX", "ecr-steward")]) == ["a", "b"]
    assert found(hub, GeneratorId=[("PREFIX", "ecr-steward")], RecordState=[("NOT_EQUALS", "ARCHIVED")]) == ["b"]
    assert found(hub, ResourceId=[("EQUALS", "other"), ("EQUALS", IMAGE["Id"])]) == ["a", "b", "c"]
    assert found(hub, ResourceId=[("PREFIX_NOT_EQUALS", "arn:")]) == ["b"]
    assert found(hub, ProductArn=[("EQUALS", PRODUCT)], Title=[("EQUALS", "c")]) == ["c"]
    assert refusal(hub.get_findings, Filters={"Keyword": [{"Value": "x"}]})[0] == "InvalidInputException"


def test_findings_come_in_pages(hub: Any) -> None:
    batch = [finding() for _ in range(25)]
    imported(hub, *batch)
    seen, token = [], {}
    while True:
        answer = hub.get_findings(MaxResults=10, **token)
        seen.append([one["Id"] for one in answer["Findings"]])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert [len(one) for one in seen] == [10, 10, 5] and set(sum(seen, [])) == {one["Id"] for one in batch}
    assert refusal(hub.get_findings, MaxResults=101)[0] == "InvalidInputException"
    assert refusal(hub.get_findings, NextToken="bm90IG91cnM=")[0] == "InvalidInputException"


def test_a_poisoned_finding_fails_until_it_is_mended(hub: Any, url: str) -> None:
    control("POST", url, "poisons", {"contains": "CVE-2026-0666", "message": "as asked"})
    good, bad = finding(), finding(Vulnerabilities=[VULNERABILITY | {"Id": "CVE-2026-0666"}])
    assert imported(hub, good, bad) == [(bad["Id"], "as asked")]
    assert list(stored(url)) == [good["Id"]]
    control("DELETE", url, "poisons")
    assert imported(hub, bad) == []


def test_over_its_rate_the_hub_says_so_with_429_and_ecr_does_not(hub: Any, url: str, ecr: Any) -> None:
    control("PUT", url, "limits", {"service": "securityhub", "calls_per_second": 5, "burst": 3})
    assert control("GET", url, "limits") == {"services": {"securityhub": {"calls_per_second": 5.0, "burst": 3.0}}}
    control("DELETE", url, "calls")

    def outcome() -> int:
        try:
            imported(hub, finding())
        except hub.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "TooManyRequestsException"
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        return 200

    begun, outcomes = time.monotonic(), []
    while time.monotonic() - begun < 1.1:
        outcomes.append(outcome())
        ecr.describe_registry()
    assert outcomes[:4] == [200, 200, 200, 429] and outcomes.count(200) in (8, 9)
    assert control("GET", url, "throttled") == {"securityhub": {"BatchImportFindings": outcomes.count(429)}}
    assert len(stored(url)) == outcomes.count(200)


def test_sizes_of_calls_are_kept(hub: Any, url: str) -> None:
    control("DELETE", url, "calls")
    imported(hub, *[finding() for _ in range(7)])
    imported(hub, finding())
    refusal(hub.batch_import_findings, Findings=[])
    sizes = control("GET", url, "sizes")["securityhub"]["BatchImportFindings"]
    assert [(one["items"], one["status"]) for one in sizes] == [(7, 200), (1, 200), (0, 400)]
    assert sizes[0]["bytes"] > 6 * sizes[1]["bytes"] > 6000
    control("DELETE", url, "calls")
    assert control("GET", url, "sizes") == {}


@pytest.mark.parametrize(("error", "status"), [("LimitExceededException", 429), ("InternalException", 500),
                                               ("TooManyRequestsException", 429), ("InvalidAccessException", 401)])
def test_injected_failures_have_the_status_of_the_hub(hub: Any, url: str, error: str, status: int) -> None:
    control("POST", url, "faults", {"operation": "BatchImportFindings", "error": error})
    with pytest.raises(hub.exceptions.ClientError) as caught:
        imported(hub, finding())
    assert caught.value.response["Error"]["Code"] == error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert imported(hub, finding()) == []


@pytest.mark.parametrize(("method", "path", "wish"), [
    ("PUT", "hub", {"enabled": "yes"}), ("PUT", "hub", {}), ("POST", "poisons", {"contains": ""}),
    ("POST", "poisons", {"contains": "x", "often": 1}), ("PUT", "limits", {"service": "sqs", "calls_per_second": 1})])
def test_a_misspelt_control_is_refused(url: str, method: str, path: str, wish: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        control(method, url, path, wish)
    assert caught.value.code == 400
