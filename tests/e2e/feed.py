"""A function that a queue wakes: what comes in, when all of it is done, and what it gave up."""

from __future__ import annotations

import datetime
import json
from typing import Any

from captured import taken
from cloud import Cloud, until
from scanned import Event


class Feed:
    """One function, by its two queues."""

    def __init__(self, cloud: Cloud, queue_url: str, dead_letter_url: str) -> None:
        self.cloud, self.queue_url, self.dead_letter_url = cloud, queue_url, dead_letter_url
        self._sqs = cloud.client("sqs")

    def put(self, *events: Event) -> None:
        """As the service itself puts them on the account's bus."""
        entries = [{"Source": one["source"], "DetailType": one["detail-type"], "Detail": json.dumps(one["detail"]),
                    "Resources": one["resources"], "Time": datetime.datetime.fromisoformat(one["time"])}
                   for one in events]
        for at in range(0, len(entries), 10):
            answer = self.cloud.client("events").put_events(Entries=entries[at:at + 10])
            assert answer["FailedEntryCount"] == 0, answer

    def send(self, *bodies: Any) -> None:
        """Past EventBridge into the queue, all at once. A text goes as it is."""
        entries = [{"Id": str(number), "MessageBody": body if isinstance(body, str) else json.dumps(body)}
                   for number, body in enumerate(bodies)]
        assert not self._sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries).get("Failed")

    def waiting(self) -> int:
        """Messages in the queue, those at work and those delayed too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())

    def settle(self, seconds: float = 90) -> None:
        """Until all that came is done. A job is there before the message that led to it is gone."""
        until(lambda: self.waiting() == 0, "the end of all messages", seconds, 0.1)

    def letters(self) -> list[dict[str, Any]]:
        """The dead letters; they are gone after this."""
        return [json.loads(body) for body in taken(self._sqs, self.dead_letter_url)]

    def wait_for_letters(self, count: int, seconds: float = 60) -> list[dict[str, Any]]:
        """So many of them."""
        found: list[dict[str, Any]] = []
        until(lambda: found.extend(self.letters()) or len(found) >= count, f"{count} dead letters", seconds)
        return found
