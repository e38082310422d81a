"""Topics: settings that MiniStack's CloudFormation passes over, and messages SNS refuses."""

from __future__ import annotations

import unicodedata
from typing import Any

from ministack.services import sns
from ministack.services.cloudformation import provisioners

TOPIC = "AWS::SNS::Topic"
SETTINGS = ("KmsMasterKeyId", "SignatureVersion", "TracingConfig")
# "Less than 100 characters long".
MAX_SUBJECT = 99


def complete(arn: str, properties: dict[str, Any]) -> None:
    """As SetTopicAttributes sets it; what is not in the template goes back to its default."""
    topic = sns._topics.get(arn)
    for name in SETTINGS if topic else ():
        topic["attributes"].pop(name, None)
        if properties.get(name):
            topic["attributes"][name] = str(properties[name])


def flaw(message: Any, subject: str, attributes: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """Code and message of a refusal; both empty when there is none."""
    if not message:
        return "InvalidParameter", "Invalid parameter: Empty message"
    if len(subject or "") > MAX_SUBJECT or any(unicodedata.category(one) == "Cc" for one in subject or ""):
        return "InvalidParameter", "Invalid parameter: Subject"
    for name, value in attributes.items():
        if not value.get("StringValue") and not value.get("BinaryValue"):
            return "ParameterValueInvalid", (
                f"The message attribute '{name}' must contain non-empty message attribute value for message "
                f"attribute type '{value.get('DataType')}'.")
    return "", ""


def install() -> None:
    """Around MiniStack's own."""
    plain_publish, handler = sns.publish_internal, provisioners._RESOURCE_HANDLERS[TOPIC]
    plain_create, plain_update = handler["create"], handler["update"]

    def publish(topic_arn: str, message: Any, subject: str = "", **more: Any) -> dict | None:
        code, text = flaw(message, subject, more.get("message_attributes") or {})
        if code:
            raise sns.SnsPublishError(code, text)
        return plain_publish(topic_arn, message, subject, **more)

    def create(logical_id: str, properties: dict, *more: Any, **named: Any) -> tuple:
        made = plain_create(logical_id, properties, *more, **named)
        complete(made[0], properties)
        return made

    def update(physical_id: str, old: dict, new: dict, *more: Any, **named: Any) -> tuple:
        made = plain_update(physical_id, old, new, *more, **named)
        complete(made[0], new)
        return made

    sns.publish_internal = publish
    handler["create"], handler["update"] = create, update
