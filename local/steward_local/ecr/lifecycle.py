"""The rules a lifecycle policy has to keep before ECR stores it."""

from __future__ import annotations

import json
from typing import Any, Callable

from .errors import EcrError, invalid

MAX_RULES = 50
MAX_WILDCARDS = 4
MIN_ARCHIVED_DAYS = 90
SINCE = ("sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned")
COUNT_TYPES = ("imageCountMoreThan", *SINCE)
NO_SCHEMA = "instance failed to match exactly one schema (matched 0 out of 2)"


def refused(text: str) -> EcrError:
    """A refusal in the words the service wraps around every reason."""
    return invalid("LifecyclePolicyText", f"Lifecycle policy validation failure: {text}")


def accepted(text: str) -> str:
    """The policy as the service stores it: rules in the order of their priority."""
    try:
        policy = json.loads(text)
    except ValueError:
        raise refused("Could not map policyString into LifecyclePolicy.") from None
    members(policy, required={"rules"})
    rules = policy["rules"]
    if not isinstance(rules, list):
        raise refused('instance type does not match any allowed primitive type (allowed: ["array"])')
    if not rules:
        raise refused("array is too short: must have at least 1 elements but instance has 0 elements")
    if len(rules) > MAX_RULES:
        raise refused(f"array is too long: must have at most {MAX_RULES} elements "
                      f"but instance has {len(rules)} elements")
    for rule in rules:
        check_rule(rule)
    check_together(rules)
    ordered = sorted(rules, key=lambda rule: rule["rulePriority"])
    return json.dumps({"rules": ordered}, separators=(",", ":"), ensure_ascii=False)


def check_rule(rule: Any) -> None:
    """One rule by itself."""
    members(rule, required={"rulePriority", "selection", "action"}, optional={"description"})
    whole_number(rule["rulePriority"])
    if not isinstance(rule.get("description", ""), str):
        raise refused(NO_SCHEMA)
    selection, action = rule["selection"], rule["action"]
    members(selection, required={"tagStatus", "countType", "countNumber"},
            optional={"tagPatternList", "tagPrefixList", "storageClass", "countUnit"})
    one_of(selection["tagStatus"], ("tagged", "untagged", "any"))
    one_of(selection["countType"], COUNT_TYPES)
    one_of(selection.get("storageClass", "standard"), ("standard", "archive"))
    whole_number(selection["countNumber"])
    check_tags(selection)
    check_count(selection)
    check_action(selection, action)


def check_tags(selection: dict[str, Any]) -> None:
    """Tagged takes exactly one list, the others take none."""
    lists = [key for key in ("tagPrefixList", "tagPatternList") if key in selection]
    if selection["tagStatus"] != "tagged":
        if lists:
            raise refused(f"{lists[0]} can only be used when tagStatus is tagged")
        return
    if len(lists) != 1:
        raise refused("tagStatus=tagged requires exactly one of tagPrefixList and tagPatternList")
    entries = selection[lists[0]]
    if not isinstance(entries, list) or not entries or not all(
            isinstance(entry, str) and entry for entry in entries):
        raise refused(NO_SCHEMA)
    if lists[0] == "tagPatternList" and any(entry.count("*") > MAX_WILDCARDS for entry in entries):
        raise refused(f"a tag pattern can have at most {MAX_WILDCARDS} wildcards (*)")


def check_count(selection: dict[str, Any]) -> None:
    """Units belong to ages, and each count type to its storage class."""
    kind = selection["countType"]
    if kind in SINCE:
        if selection.get("countUnit") != "days":
            raise refused(NO_SCHEMA)
    elif "countUnit" in selection:
        raise refused(NO_SCHEMA)
    wanted = "archive" if kind == "sinceImageTransitioned" else "standard"
    if selection.get("storageClass", "standard") != wanted:
        raise refused(f"countType={kind} requires storageClass={wanted}")
    if wanted == "archive" and selection["countNumber"] < MIN_ARCHIVED_DAYS:
        raise refused(f"archived images cannot expire before {MIN_ARCHIVED_DAYS} days")


def check_action(selection: dict[str, Any], action: Any) -> None:
    """Expire, or transition to the archive."""
    members(action, required={"type"}, optional={"targetStorageClass"})
    one_of(action["type"], ("expire", "transition"))
    if action["type"] == "transition":
        if action.get("targetStorageClass") != "archive":
            raise refused(NO_SCHEMA)
        if selection["countType"] == "sinceImageTransitioned":
            raise refused("countType=sinceImageTransitioned requires action type expire")
        return
    if "targetStorageClass" in action:
        raise refused(NO_SCHEMA)
    if selection["countType"] == "sinceImagePulled":
        raise refused("countType=sinceImagePulled requires action type transition")


def check_together(rules: list[dict[str, Any]]) -> None:
    """What only shows across rules; most of it per storage class."""
    priorities = [rule["rulePriority"] for rule in rules]
    if len(set(priorities)) != len(priorities):
        raise refused("rulePriority must be unique")
    for storage_class in ("standard", "archive"):
        own = [rule for rule in rules
               if rule["selection"].get("storageClass", "standard") == storage_class]
        last = max((rule["rulePriority"] for rule in own), default=0)
        untagged = count(own, lambda selection: selection["tagStatus"] == "untagged")
        if untagged > 1:
            raise refused("Only one rule can select Untagged images per storage class.")
        for rule in own:
            if rule["selection"]["tagStatus"] == "any" and rule["rulePriority"] != last:
                raise refused("Rule for tagStatus=ANY must have the lowest priority per storage class")
        prefixes = [frozenset(rule["selection"]["tagPrefixList"]) for rule in own
                    if "tagPrefixList" in rule["selection"]]
        if len(set(prefixes)) != len(prefixes):
            raise refused("rules of a storage class must have distinct tagPrefixList values")


def count(rules: list[dict[str, Any]], test: Callable[[dict[str, Any]], bool]) -> int:
    """How many selections pass."""
    return sum(1 for rule in rules if test(rule["selection"]))


def members(value: Any, required: set[str], optional: frozenset[str] | set[str] = frozenset()) -> None:
    """An object with these members and no others, none of them null."""
    if not isinstance(value, dict):
        raise refused('instance type does not match any allowed primitive type (allowed: ["object"])')
    unknown = sorted(set(value) - required - optional)
    if unknown:
        raise refused("object instance has properties which are not allowed by the schema: "
                      + json.dumps(unknown))
    missing = sorted(required - set(value))
    if missing:
        raise refused(f"object has missing required properties ({json.dumps(missing)})")
    if any(member is None for member in value.values()):
        raise refused(NO_SCHEMA)


def one_of(value: Any, choices: tuple[str, ...]) -> None:
    """An enumerated string."""
    if value not in choices:
        raise refused(f"instance value ({json.dumps(value)}) not found in enum "
                      f"(possible values: {json.dumps(choices)})")


def whole_number(value: Any) -> None:
    """A JSON integer of at least one."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise refused('instance type does not match any allowed primitive type (allowed: ["integer"])')
    if value < 1:
        raise refused(f"numeric instance is lower than the required minimum (minimum: 1, found: {value})")
