"""Rules, buses, topics, alarms and queues of one template, and what really arrives where."""

from __future__ import annotations

import datetime
import json
import time
import uuid
from typing import Any, Iterator

import pytest
from conftest import client, refusal
from own import ACCOUNT, until

DIGEST = "sha256:" + "0" * 64
TIME = datetime.datetime(2026, 3, 1, 12, 30, 15, tzinfo=datetime.timezone.utc)
PATTERNS = {
    "Scans": {"source": ["aws.ecr"], "detail-type": ["ECR Image Scan"]},
    "Inspector": {"source": ["aws.inspector2"], "detail-type": ["Inspector2 Scan"],
                  "detail": {"image-digest": [{"exists": True}]}},
    "Images": {"source": ["aws.ecr"], "detail-type": ["ECR Image Action"], "detail": {
        "action-type": ["DELETE"], "repository-name": [{"prefix": "app/"}], "result": [{"anything-but": "FAILURE"}]}},
}


def allowed(queue: str, service: str, source: Any) -> dict[str, Any]:
    """The policy that lets a service fill a queue, and nobody in without TLS, as real templates have it."""
    arn = {"Fn::GetAtt": [queue, "Arn"]}
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": queue}], "PolicyDocument": {
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn,
             "Condition": {"ArnEquals": {"aws:SourceArn": source}}},
            {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn,
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}}


def rule(queue: str, **properties: Any) -> dict[str, Any]:
    """A rule with a queue as its target."""
    return {"Type": "AWS::Events::Rule", "Properties": {
        "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": [queue, "Arn"]}}], **properties}}


def template() -> str:
    """Everything at once, as the application has it."""
    queues = {name: {"Type": "AWS::SQS::Queue"} for name in ("Findings", "Captured", "Mirror", "Closed", "Forgotten")}
    queues["Closed"]["Properties"] = {"KmsMasterKeyId": "alias/aws/sqs"}
    rules = {name: rule("Findings", EventPattern=pattern) for name, pattern in PATTERNS.items()}
    everywhere = {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"}
    topic = {"Ref": "Topic"}
    return json.dumps({
        "Parameters": {"Email": {"Type": "String", "Default": ""}, "Key": {"Type": "String", "Default": ""}},
        "Conditions": {"HasEmail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Email"}, ""]}]},
                       "HasKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Key"}, ""]}]}},
        "Resources": queues | rules | {
            "FindingsPolicy": allowed("Findings", "events.amazonaws.com", [
                {"Fn::GetAtt": [name, "Arn"]} for name in PATTERNS]),
            "ClosedPolicy": allowed("Closed", "events.amazonaws.com", everywhere),
            "MirrorPolicy": allowed("Mirror", "events.amazonaws.com", everywhere),
            "CapturedPolicy": allowed("Captured", "sns.amazonaws.com", topic),
            "ClosedRule": rule("Closed", EventPattern=PATTERNS["Scans"]),
            "ForgottenRule": rule("Forgotten", EventPattern=PATTERNS["Scans"]),
            "Sweep": rule("Findings", ScheduleExpression="rate(6 hours)"),
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Fn::Sub": "${AWS::StackName}-bus"}}},
            "Own": rule("Mirror", EventBusName={"Ref": "Bus"}, EventPattern={"source": ["ecr-steward"]}),
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {
                "KmsMasterKeyId": {"Fn::If": ["HasKey", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]}}},
            "TopicPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [topic], "PolicyDocument": {
                "Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": "sns:Publish", "Resource": topic}]}}},
            "Mail": {"Type": "AWS::SNS::Subscription", "Condition": "HasEmail", "Properties": {
                "TopicArn": topic, "Protocol": "email", "Endpoint": {"Ref": "Email"}}},
            "Capture": {"Type": "AWS::SNS::Subscription", "Properties": {
                "TopicArn": topic, "Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Captured", "Arn"]},
                "RawMessageDelivery": True, "FilterPolicy": {"severity": ["CRITICAL", "HIGH"]}}},
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {
                "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum",
                "Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Findings", "QueueName"]}}],
                "Period": 60, "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching", "AlarmActions": [topic]}},
            "Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {
                "DashboardName": {"Fn::Sub": "${AWS::StackName}-board"},
                "DashboardBody": {"Fn::Sub": "{\"widgets\": [], \"start\": \"-PT6H\"}"}}}},
        "Outputs": {name: {"Value": {"Ref": name}}
                    for name in (*queues, "Topic", "Bus", "Alarm", "Dashboard", "Sweep")}})


class Stack:
    """The deployed template."""

    def __init__(self, base: str) -> None:
        self.stacks, self.events, self.sqs, self.sns, self.watch = (
            client(base, name) for name in ("cloudformation", "events", "sqs", "sns", "cloudwatch"))
        self.name = f"events-{uuid.uuid4().hex[:8]}"
        self.stacks.create_stack(StackName=self.name, TemplateBody=template())
        self.settle("CREATE_COMPLETE")
        self.outputs = {one["OutputKey"]: one["OutputValue"]
                        for one in self.stacks.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]}

    def settle(self, status: str) -> None:
        """Waits for the end of an operation."""
        def ended() -> str:
            now = self.stacks.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
            return "" if now.endswith("IN_PROGRESS") else now
        assert until(ended) == status, [one.get("ResourceStatusReason") for one in self.stacks.describe_stack_events(
            StackName=self.name)["StackEvents"]]

    def put(self, *entries: dict[str, Any]) -> dict[str, Any]:
        """Events with a detail that is still an object."""
        return self.events.put_events(Entries=[one | {"Detail": json.dumps(one["Detail"])} for one in entries])

    def received(self, queue: str) -> list[dict[str, Any]]:
        """What is in a queue, and no longer after this."""
        seen = []
        while True:
            messages = self.sqs.receive_message(QueueUrl=self.outputs[queue], MaxNumberOfMessages=10,
                                                MessageAttributeNames=["All"]).get("Messages", [])
            if not messages:
                return seen
            for one in messages:
                self.sqs.delete_message(QueueUrl=self.outputs[queue], ReceiptHandle=one["ReceiptHandle"])
                seen.append({"body": json.loads(one["Body"]), "attributes": one.get("MessageAttributes", {})})

    def bodies(self, queue: str) -> list[Any]:
        """The bodies alone."""
        return [one["body"] for one in self.received(queue)]


@pytest.fixture(scope="module")
def stack(ministack: str) -> Iterator[Stack]:
    """One for all tests; each leaves its queues empty."""
    made = Stack(ministack)
    yield made
    made.stacks.delete_stack(StackName=made.name)


def event(source: str, kind: str, detail: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An entry of PutEvents."""
    return {"Source": source, "DetailType": kind, "Detail": detail, **more}


def test_an_event_of_a_service_arrives_in_its_envelope(stack: Stack) -> None:
    detail = {"scan-status": "COMPLETE", "repository-name": "app/web", "image-digest": DIGEST, "image-tags": []}
    arn = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app/web"
    answer = stack.put(event("aws.ecr", "ECR Image Scan", detail, Resources=[arn], Time=TIME))
    assert answer["FailedEntryCount"] == 0
    assert stack.bodies("Findings") == [{
        "version": "0", "id": answer["Entries"][0]["EventId"], "detail-type": "ECR Image Scan", "source": "aws.ecr",
        "account": ACCOUNT, "time": "2026-03-01T12:30:15Z", "region": "us-east-1", "resources": [arn],
        "detail": detail}]


def test_patterns_choose(stack: Stack) -> None:
    def image(**change: str) -> dict[str, Any]:
        return event("aws.ecr", "ECR Image Action", {"action-type": "DELETE", "repository-name": "app/web",
                                                     "result": "SUCCESS", "n": change.pop("n", "")} | change)

    def inspected(**detail: str) -> dict[str, Any]:
        return event("aws.inspector2", "Inspector2 Scan", detail)

    stack.put(image(n="1"), image(**{"action-type": "PUSH"}), image(**{"repository-name": "other/app/"}),
              image(result="FAILURE"), inspected(n="2", **{"image-digest": DIGEST}),
              inspected(**{"instance-id": "i-1"}), event("mine.ecr", "ECR Image Action", {"action-type": "DELETE"}))
    assert sorted(one["detail"]["n"] for one in stack.bodies("Findings")) == ["1", "2"]


def test_an_event_without_a_time_has_that_of_its_coming(stack: Stack) -> None:
    stack.put(event("aws.ecr", "ECR Image Scan", {}))
    [came] = stack.bodies("Findings")
    at = datetime.datetime.fromisoformat(came["time"].replace("Z", "+00:00")).timestamp()
    assert abs(at - time.time()) < 5


def test_ten_entries_reach_a_custom_bus_and_no_other(stack: Stack) -> None:
    bus = stack.outputs["Bus"]
    entries = [event("ecr-steward", "ECR Finding Change", {"n": number}, EventBusName=bus) for number in range(10)]
    stack.put(event("ecr-steward", "ECR Finding Change", {"n": 10}))
    assert stack.put(*entries)["FailedEntryCount"] == 0
    assert [one["detail"]["n"] for one in stack.bodies("Mirror")] == list(range(10))
    assert stack.bodies("Findings") == []
    assert refusal(
        stack.events.put_events, Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}] * 11)[0] == (
            "ValidationException")


def test_bad_entries_fail_alone_and_large_calls_as_a_whole(stack: Stack) -> None:
    good = {"Source": "aws.ecr", "DetailType": "ECR Image Scan", "Detail": "{}"}
    answer = stack.events.put_events(Entries=[
        good, good | {"Detail": "no json"}, good | {"Detail": "[]"}, good | {"DetailType": "x" * 129},
        {"Source": "aws.ecr", "Detail": "{}"}])
    assert [one.get("ErrorCode") for one in answer["Entries"]] == [
        None, "MalformedDetail", "MalformedDetail", "InvalidArgument", "InvalidArgument"]
    assert answer["FailedEntryCount"] == 4 and len(stack.bodies("Findings")) == 1
    large = [good | {"Detail": json.dumps({"x": "y" * 300_000})}] * 4
    assert refusal(stack.events.put_events, Entries=large)[0] == "ValidationException"
    assert stack.bodies("Findings") == []


def test_a_queue_lets_only_those_in_whom_its_policy_names(stack: Stack) -> None:
    stack.put(event("aws.ecr", "ECR Image Scan", {}))
    assert len(stack.bodies("Findings")) == 1
    # No policy, and a key that is open to nobody.
    assert (stack.bodies("Forgotten"), stack.bodies("Closed")) == ([], [])


def test_a_rule_with_a_schedule_is_there(stack: Stack) -> None:
    found = stack.events.describe_rule(Name=stack.outputs["Sweep"])
    assert (found["ScheduleExpression"], found["State"]) == ("rate(6 hours)", "ENABLED")


def test_a_pattern_that_is_none_fails_the_stack(stack: Stack) -> None:
    name = f"pattern-{uuid.uuid4().hex[:8]}"
    bad = rule("Queue", EventPattern={"source": [{"exists": "yes"}]})
    stack.stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"}, "Rule": bad}}))
    until(lambda: stack.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE")
    reasons = [one.get("ResourceStatusReason", "") for one in stack.stacks.describe_stack_events(
        StackName=name)["StackEvents"]]
    assert any("Event pattern is not valid" in one for one in reasons)


def test_a_subscription_takes_what_its_filter_names(stack: Stack) -> None:
    for severity in ("HIGH", "LOW", "CRITICAL"):
        stack.sns.publish(TopicArn=stack.outputs["Topic"], Subject="s", Message=json.dumps({"is": severity}),
                          MessageAttributes={"severity": {"DataType": "String", "StringValue": severity}})
    seen = stack.received("Captured")
    assert [one["body"]["is"] for one in seen] == ["HIGH", "CRITICAL"]
    assert seen[0]["attributes"]["severity"]["StringValue"] == "HIGH"
    code, _ = refusal(stack.sns.publish, TopicArn=stack.outputs["Topic"], Message="x" * 262_145)
    assert code == "InvalidParameter"


@pytest.mark.parametrize(("wish", "code"), [
    ({"Subject": "x" * 100}, "InvalidParameter"), ({"Subject": "one\ntwo"}, "InvalidParameter"),
    ({"Message": ""}, "InvalidParameter"),
    ({"MessageAttributes": {"a": {"DataType": "String", "StringValue": ""}}}, "ParameterValueInvalid")])
def test_what_sns_does_not_send_is_refused(stack: Stack, wish: dict[str, Any], code: str) -> None:
    assert refusal(stack.sns.publish, **{"TopicArn": stack.outputs["Topic"], "Message": "m"} | wish)[0] == code
    stack.sns.publish(TopicArn=stack.outputs["Topic"], Subject="é" * 99, Message="m")


def test_parameters_switch_a_subscription_and_a_key_on(stack: Stack) -> None:
    def endpoints() -> list[str]:
        return sorted(one["Protocol"] for one in stack.sns.list_subscriptions_by_topic(
            TopicArn=stack.outputs["Topic"])["Subscriptions"])

    def key() -> str:
        return stack.sns.get_topic_attributes(TopicArn=stack.outputs["Topic"])["Attributes"].get("KmsMasterKeyId", "")

    assert (endpoints(), key()) == (["sqs"], "")
    parameters = {"Email": "a@example.org", "Key": "alias/mine"}
    stack.stacks.update_stack(StackName=stack.name, UsePreviousTemplate=True, Parameters=[
        {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()])
    stack.settle("UPDATE_COMPLETE")
    assert (endpoints(), key()) == (["email", "sqs"], "alias/mine")


def test_alarm_and_dashboard_are_as_declared(stack: Stack) -> None:
    [alarm] = stack.watch.describe_alarms(AlarmNames=[stack.outputs["Alarm"]])["MetricAlarms"]
    assert alarm["AlarmActions"] == [stack.outputs["Topic"]] and alarm["TreatMissingData"] == "notBreaching"
    board = stack.watch.get_dashboard(DashboardName=stack.outputs["Dashboard"])
    assert json.loads(board["DashboardBody"]) == {"widgets": [], "start": "-PT6H"}
