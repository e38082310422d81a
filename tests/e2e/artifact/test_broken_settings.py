"""A function whose environment is broken still starts, and tells every request what is wrong with it."""

from __future__ import annotations

import pytest
from caller import Caller
from cloud import Cloud
from launching import Launch

CASES: list[tuple[str, str | None]] = [
    ("STATE_BUCKET", None),
    ("STATE_BUCKET", ""),
    ("STATE_BUCKET", "No Bucket!"),
    ("QUEUE_URL", None),
    ("QUEUE_URL", "nonsense"),
    ("PARAMETER_PREFIX", None),
    ("PARAMETER_PREFIX", "nonsense"),
    ("PARAMETER_PREFIX", "/aws/x"),
    ("AWS_REGION", None),
    ("AWS_REGION", "the moon"),
    ("AWS_ACCESS_KEY_ID", None),
    ("AWS_SECRET_ACCESS_KEY", None),
]


# Rows: 4, 42.
@pytest.mark.parametrize("name, value", CASES, ids=lambda one: "missing" if one is None else one or "empty")
def test_a_broken_setting_is_named_to_every_request(
        launch: Launch, aws: Cloud, caller: Caller, name: str, value: str | None) -> None:
    """By the function itself, for a Delete too, and by the same process again: nobody waits in vain."""
    function = launch.alone(**{name: value})
    calls = [caller.create("orders"), caller.delete("orders"), caller.create("orders")]
    with aws.counting() as writes:
        for call in calls:
            assert function.invoke(call.event).error_type == ""
    for call in calls:
        answer = call.ticket.answer()
        assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", caller.physical_id)
        assert name in answer["Reason"]
        assert len(call.ticket.attempts) == 1
    assert len(function.sandboxes) == 1
    assert writes == {}
