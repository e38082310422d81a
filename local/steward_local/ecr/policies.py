"""Resource policies of repositories and of the registry."""

from __future__ import annotations

import json
import re
from typing import Any

from .errors import EcrError, invalid

ACTION = re.compile(r"\*|ecr:[A-Za-z*?]+")
GALLERY_ACTION = re.compile(r"\*|ecr-public:[A-Za-z*?]+")
ACCOUNT = re.compile(r"[0-9]{12}")
PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:(iam|sts)::([0-9]{12}):(root|(user|role|assumed-role|"
                           r"federated-user)/[\w+=,.@/-]+)")
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
# ECR looks principals up. This one stands for those it does not find (yet).
MISSING_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/(.*/)?does-not-exist[^/]*")
STATEMENT_MEMBERS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"}


def repository_policy(text: str) -> str:
    """The policy as GetRepositoryPolicy gives it back."""
    return accepted(text, STATEMENT_MEMBERS, refused("repository"))


def gallery_policy(text: str) -> str:
    """The policy of a public repository; its actions are those of another service."""
    return accepted(text, STATEMENT_MEMBERS, refused("repository"), GALLERY_ACTION)


def registry_policy(text: str) -> str:
    """The policy of the registry, whose statements also name resources."""
    return accepted(text, STATEMENT_MEMBERS | {"Resource", "NotResource"}, refused("registry"))


def refused(kind: str) -> EcrError:
    """The one text the service has for all of it."""
    return invalid("PolicyText", f"Invalid {kind} policy provided")


def accepted(text: str, allowed: set[str], problem: EcrError, action: re.Pattern[str] = ACTION) -> str:
    """The policy with account ids spelt as the ARN of their root."""
    try:
        policy = json.loads(text)
    except ValueError:
        raise problem from None
    if not isinstance(policy, dict) or not set(policy) <= {"Version", "Id", "Statement"}:
        raise problem
    if policy.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        raise problem
    statements = policy.get("Statement")
    if isinstance(statements, dict):
        statements = policy["Statement"] = [statements]
    if not isinstance(statements, list) or not statements:
        raise problem
    for statement in statements:
        if not isinstance(statement, dict) or not well_formed(statement, allowed, action):
            raise problem
        for key in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(key), dict) and "AWS" in statement[key]:
                statement[key]["AWS"] = roots(statement[key]["AWS"])
    return json.dumps(policy, indent=2, separators=(",", " : "), ensure_ascii=False)


def well_formed(statement: dict[str, Any], allowed: set[str], action: re.Pattern[str]) -> bool:
    """The members of a statement and their forms."""
    if not set(statement) <= allowed or statement.get("Effect") not in ("Allow", "Deny"):
        return False
    if not isinstance(statement.get("Sid", ""), str):
        return False
    if not isinstance(statement.get("Condition", {}), dict):
        return False
    if "Resource" in allowed and not strings(statement.get("Resource", statement.get("NotResource"))):
        return False
    if ("Action" in statement) == ("NotAction" in statement):
        return False
    actions = strings(statement.get("Action", statement.get("NotAction")))
    if not actions or not all(action.fullmatch(one) for one in actions):
        return False
    if ("Principal" in statement) == ("NotPrincipal" in statement):
        return False
    return principal(statement.get("Principal", statement.get("NotPrincipal")))


def principal(value: Any) -> bool:
    """Everybody, or principals by kind."""
    if value == "*":
        return True
    if not isinstance(value, dict) or not value:
        return False
    for kind, entries in value.items():
        listed = strings(entries)
        if not listed or kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            return False
        if kind == "AWS" and not all(aws_principal(entry) for entry in listed):
            return False
        if kind == "Service" and not all(SERVICE.fullmatch(entry) for entry in listed):
            return False
    return True


def aws_principal(entry: str) -> bool:
    """An account, or the ARN of something that exists in one."""
    if entry == "*" or ACCOUNT.fullmatch(entry):
        return True
    return bool(PRINCIPAL_ARN.fullmatch(entry)) and not MISSING_ROLE.fullmatch(entry)


def roots(entries: Any) -> Any:
    """Account ids as ARNs, singly or in a list."""
    if isinstance(entries, list):
        return [roots(entry) for entry in entries]
    return f"arn:aws:iam::{entries}:root" if ACCOUNT.fullmatch(entries) else entries


def strings(value: Any) -> list[str]:
    """One string or a list of them as a list; empty for anything else."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(entry, str) and entry for entry in listed):
        return []
    return listed
