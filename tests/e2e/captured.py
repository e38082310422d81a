"""Who is told: a queue behind the bus or the topic, and a webhook. Each keeps what it gets until a test looks."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cloud import Cloud


class Queue:
    """A queue that EventBridge and SNS may fill."""

    def __init__(self, cloud: Cloud) -> None:
        self._sqs = cloud.client("sqs")
        self.name = f"captured-{uuid.uuid4().hex[:8]}"
        self.url = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]
        self.arn = attributes["QueueArn"]
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": self.arn,
            "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}}]}
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})

    def taken(self) -> list[Any]:
        """The bodies of all that came; they are gone after this."""
        return [json.loads(body) for body in taken(self._sqs, self.url)]

    def close(self) -> None:
        """Ends it."""
        self._sqs.delete_queue(QueueUrl=self.url)


def taken(sqs: Any, url: str) -> list[str]:
    """Empties a queue."""
    bodies: list[str] = []
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        if not messages:
            return bodies
        for one in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            bodies.append(one["Body"])


class Bus:
    """Every event of a bus that is ours."""

    def __init__(self, cloud: Cloud, bus: str) -> None:
        self._events, self._bus, self._queue = cloud.client("events"), bus, Queue(cloud)
        self._rule = {"Name": self._queue.name, "EventBusName": bus}
        pattern = {"source": ["ecr-steward"], "detail-type": ["ECR Finding Change"]}
        self._events.put_rule(**self._rule, EventPattern=json.dumps(pattern))
        target = [{"Id": "queue", "Arn": self._queue.arn}]
        self._events.put_targets(Rule=self._queue.name, EventBusName=bus, Targets=target)

    def details(self) -> list[dict[str, Any]]:
        """What was told since the last look."""
        return [event["detail"] for event in self._queue.taken()]

    def close(self) -> None:
        """Ends it."""
        self._events.remove_targets(Rule=self._queue.name, EventBusName=self._bus, Ids=["queue"])
        self._events.delete_rule(**self._rule)
        self._queue.close()


class Topic:
    """Every message of a topic."""

    def __init__(self, cloud: Cloud, arn: str) -> None:
        self._sns, self._queue = cloud.client("sns"), Queue(cloud)
        self._subscription = self._sns.subscribe(
            TopicArn=arn, Protocol="sqs", Endpoint=self._queue.arn, ReturnSubscriptionArn=True)["SubscriptionArn"]

    def messages(self) -> list[dict[str, Any]]:
        """Subject, Message and MessageAttributes of what was published since the last look."""
        return self._queue.taken()

    def close(self) -> None:
        """Ends it."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._queue.close()


class Webhook:
    """A receiver of posts."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            """One post."""

            def do_POST(self) -> None:
                webhook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                """Stays quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/T0/B0/{uuid.uuid4().hex}"

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
