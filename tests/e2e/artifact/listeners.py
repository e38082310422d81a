"""The surroundings of the findings function without an installation: queues, a bus and a topic, and who listens."""

from __future__ import annotations

import json
import uuid
from typing import Any

from caller import ACCOUNT, PREFIX, REGION, STATE_BUCKET
from captured import Bus, Topic
from cloud import Cloud
from forwarding import Forwarding

SWITCHES = ("poisons", "limits", "faults", "hub")


class Listeners:
    """Of one test."""

    def __init__(self, aws: Cloud) -> None:
        self._aws, self._name = aws, f"artifact-{uuid.uuid4().hex[:8]}"
        sqs, sns, events = (aws.client(service) for service in ("sqs", "sns", "events"))
        queues = [sqs.create_queue(QueueName=f"{self._name}-{kind}")["QueueUrl"] for kind in ("jobs", "letters")]
        self._topic_arn = sns.create_topic(Name=self._name)["TopicArn"]
        events.create_event_bus(Name=self._name)
        self.findings = Forwarding(aws, *queues)
        self.bus, self.topic = Bus(aws, self._name), Topic(aws, self._topic_arn)
        self._heal()
        aws.control("PUT", "hub", {"enabled": True})

    def settings(self) -> dict[str, str]:
        """As template.yaml has them."""
        return {"STATE_BUCKET": STATE_BUCKET, "PARAMETER_PREFIX": PREFIX, "REPOSITORY_NAME_PATTERN": "*",
                "QUEUE_URL": self.findings.queue_url, "DEAD_LETTER_URL": self.findings.dead_letter_url,
                "MAX_RECEIVES": "5", "TOPIC_ARN": self._topic_arn, "EVENT_BUS_NAME": self._name,
                "ACCOUNT_ID": ACCOUNT, "PARTITION": "aws", "STACK_NAME": self._name, "LOG_LEVEL": "INFO",
                "MALLOC_MMAP_THRESHOLD_": "131072"}

    def close(self) -> None:
        """Ends them."""
        self._heal()
        self.findings.forget_policy()
        self.bus.close()
        self.topic.close()
        self._aws.client("events").delete_event_bus(Name=self._name)
        self._aws.client("sns").delete_topic(TopicArn=self._topic_arn)
        for url in (self.findings.queue_url, self.findings.dead_letter_url):
            self._aws.client("sqs").delete_queue(QueueUrl=url)

    def _heal(self) -> None:
        for switch in SWITCHES:
            self._aws.control("DELETE", switch)


def batch(*events: Any, receives: int = 1) -> dict[str, Any]:
    """Messages as Lambda hands them over."""
    def record(event: Any) -> dict[str, Any]:
        return {"messageId": str(uuid.uuid4()), "receiptHandle": "handle", "md5OfBody": "0" * 32,
                "body": event if isinstance(event, str) else json.dumps(event), "messageAttributes": {},
                "attributes": {"ApproximateReceiveCount": str(receives), "SentTimestamp": "1764000000000",
                               "SenderId": "events", "ApproximateFirstReceiveTimestamp": "1764000000000"},
                "eventSource": "aws:sqs", "awsRegion": REGION,
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:findings"}
    return {"Records": [record(event) for event in events]}
