"""`examples/central-findings`: the organisation's one bus, in the one account there is here."""

from __future__ import annotations

import json
import uuid
from typing import Any, Iterator

import pytest
from captured import taken
from cloud import Cloud, until
from forwarding import Forwarding, changes, key_of
from machine import Machine
from samples import Sample
from scanned import Image


class Organization:
    """The findings account and one member."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.central, self.member = Sample(cloud), Sample(cloud)
        shown = self.central.deploy("central-findings/central.yaml", BusName=f"ecr-findings-{uuid.uuid4().hex[:8]}")
        self.bus, self._inbox = shown["CentralBusArn"], shown["InboxUrl"]
        self.member.deploy("central-findings/member.yaml", CentralBusArn=self.bus,
                           EventBusName=cloud.provider["EventBusName"])

    def inbox(self) -> list[dict[str, Any]]:
        """The events that came to the findings account since the last look."""
        return [json.loads(body) for body in taken(self._cloud.client("sqs"), self._inbox)]

    def end(self) -> None:
        """Both are gone, with the archive."""
        archive = self.central.shown["ArchiveName"]
        self.member.end()
        self.central.end()
        logs = self._cloud.client("logs")
        if logs.describe_log_groups(logGroupNamePrefix=archive)["logGroups"]:
            logs.delete_log_group(logGroupName=archive)


@pytest.fixture
def organization(cloud: Cloud, findings: Forwarding, forwarder: Machine) -> Iterator[Organization]:
    """With the member's policy in force."""
    organization = Organization(cloud)
    forwarder.renew()
    yield organization
    organization.end()
    forwarder.renew()


def test_every_finding_reaches_the_central_bus_once_and_security_hub_by_its_own_way(
        organization: Organization, findings: Forwarding, image: Image) -> None:
    image.scan(generate={"count": 40, "seed": 11})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    events = until(organization.inbox, "an event in the findings account")
    assert {(one["source"], one["detail-type"]) for one in events} == {("ecr-steward", "ECR Finding Change")}
    told = changes(one["detail"] for one in events)
    assert len(told) == 40
    assert {key_of(one) for one in told} == image.keys()
    assert len({one["detail"]["key"] for one in events}) == len(events)
    # The one import is the member's own; the ids are the same here and there, so both can be told to be one.
    assert set(findings.hub(image)) == {one["id"] for one in told}

    # The same scan announced again brings nothing new, here or there.
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    assert organization.inbox() == []
    assert len(findings.hub(image)) == 40


def test_what_is_delivered_twice_is_known_by_its_key(
        organization: Organization, findings: Forwarding, image: Image, cloud: Cloud) -> None:
    image.scan(generate={"count": 2, "seed": 12})
    findings.put(image.event("ecr-image-scan-complete"))
    findings.settle()
    [event] = until(organization.inbox, "an event in the findings account")
    # EventBridge may do this by itself; made again, the event's own id is another one.
    cloud.client("events").put_events(Entries=[{
        "Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"]),
        "EventBusName": cloud.provider["EventBusName"]}])
    [again] = until(organization.inbox, "the event again")
    assert again["id"] != event["id"]
    assert again["detail"]["key"] == event["detail"]["key"]
    assert [one["id"] for one in changes([again["detail"]])] == [one["id"] for one in changes([event["detail"]])]


def test_other_events_stay_on_the_members_bus(organization: Organization, cloud: Cloud) -> None:
    cloud.client("events").put_events(Entries=[
        {"Source": "somebody.else", "DetailType": "ECR Finding Change", "Detail": "{}",
         "EventBusName": cloud.provider["EventBusName"]},
        {"Source": "ecr-steward", "DetailType": "Something Else", "Detail": "{}",
         "EventBusName": cloud.provider["EventBusName"]},
        {"Source": "ecr-steward", "DetailType": "ECR Finding Change", "Detail": json.dumps({"key": "last"}),
         "EventBusName": cloud.provider["EventBusName"]}])
    assert [one["detail"] for one in until(organization.inbox, "the one that is meant")] == [{"key": "last"}]
