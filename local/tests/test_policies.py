"""Lifecycle and resource policies."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from conftest import ACCOUNT, refusal

INVALID = "InvalidParameterException"


def rule(priority: int, status: str = "tagged", action: Any = None, **selection: Any) -> dict[str, Any]:
    """A rule, by default one that keeps the newest ten of a prefix."""
    chosen = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 10}
    if status == "tagged" and "tagPatternList" not in selection:
        chosen["tagPrefixList"] = [f"v{priority}"]
    chosen.update(selection)
    return {"rulePriority": priority, "selection": {k: v for k, v in chosen.items() if v != "ABSENT"},
            "action": action or {"type": "expire"}}


def aged(priority: int, status: str = "any", kind: str = "sinceImagePushed", number: int = 30,
         **more: Any) -> dict[str, Any]:
    """A rule by age."""
    return rule(priority, status, **{"countType": kind, "countUnit": "days", "countNumber": number} | more)


ARCHIVED = {"kind": "sinceImageTransitioned", "number": 90, "storageClass": "archive"}
TRANSITION = {"type": "transition", "targetStorageClass": "archive"}


def put(ecr: Any, repository: str, rules: Any) -> Any:
    """Padded to the least length with white space, which is no part of it."""
    text = json.dumps({"rules": rules})
    return ecr.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=text + " " * (100 - len(text)))


@pytest.mark.parametrize("rules", [
    [aged(30), rule(1), aged(20, "untagged", number=1)],
    [rule(number) for number in range(1, 51)],
    [aged(1, "untagged"), aged(2, "untagged", **ARCHIVED)],
    [aged(1, "any", **ARCHIVED), aged(2)],
    [rule(1, tagPatternList=["a*b*c*d*"])],
    [aged(1, "any", "sinceImagePulled", action=TRANSITION)],
    [rule(1, storageClass="standard")],
])
def test_legal_policies_are_stored_in_order(ecr: Any, repository: str, rules: list) -> None:
    put(ecr, repository, rules)
    stored = json.loads(ecr.get_lifecycle_policy(repositoryName=repository)["lifecyclePolicyText"])
    assert stored["rules"] == sorted(rules, key=lambda one: one["rulePriority"])


@pytest.mark.parametrize("rules, words", [
    ([], "too short"),
    ([rule(number) for number in range(1, 52)], "too long"),
    ([rule(1), rule(1, tagPrefixList=["x"])], "unique"),
    ([rule(0)], "minimum"),
    ([rule(1) | {"rulePriority": "1"}], "primitive type"),
    ([aged(1, "untagged"), rule(2, "untagged")],
     "Only one rule can select Untagged images per storage class."),
    ([aged(1), rule(2)], "Rule for tagStatus=ANY must have the lowest priority per storage class"),
    ([aged(1), rule(2, "any")], "Rule for tagStatus=ANY must have the lowest priority per storage class"),
    ([rule(1, tagPrefixList=["a", "b"]), rule(2, tagPrefixList=["b", "a"])], "distinct"),
    ([rule(1, tagPrefixList="ABSENT")], "exactly one"),
    ([rule(1, tagPrefixList=[])], "matched 0 out of 2"),
    ([rule(1, tagPrefixList=["a"], tagPatternList=["b"])], "exactly one"),
    ([aged(1, "untagged", tagPrefixList=["a"])], "tagStatus is tagged"),
    ([aged(1, tagPatternList=["a"])], "tagStatus is tagged"),
    ([rule(1, tagPatternList=["a*b*c*d*e*"])], "wildcards"),
    ([aged(1, countUnit="ABSENT")], "matched 0 out of 2"),
    ([aged(1, countUnit="hours")], "matched 0 out of 2"),
    ([rule(1, countUnit="days")], "matched 0 out of 2"),
    ([rule(1, countUnit=None)], "matched 0 out of 2"),
    ([rule(1, countNumber=0)], "minimum"),
    ([rule(1, countNumber=1.5)], "primitive type"),
    ([rule(1, countType="sinceForever")], "enum"),
    ([rule(1, storageClass="archive")], "storageClass=standard"),
    ([aged(1, "any", "sinceImageTransitioned", 90)], "storageClass=archive"),
    ([aged(1, "any", "sinceImageTransitioned", 89, storageClass="archive")], "90"),
    ([aged(1, "any", "sinceImagePulled")], "transition"),
    ([aged(1, "any", action=TRANSITION, **ARCHIVED)], "expire"),
    ([rule(1, action={"type": "transition"})], "matched 0 out of 2"),
    ([rule(1, action={"type": "expire", "targetStorageClass": "archive"})], "matched 0 out of 2"),
    ([rule(1, action={"type": "expire", "targetStorageClass": None})], "matched 0 out of 2"),
    ([rule(1) | {"comment": "x"}], '["comment"]'),
    ([rule(1, colour="red")], '["colour"]'),
    ([{"rulePriority": 1, "selection": rule(1)["selection"]}], '["action"]'),
])
def test_illegal_lifecycle_policies_are_refused(ecr: Any, repository: str, rules: list, words: str) -> None:
    code, message = refusal(put, ecr=ecr, repository=repository, rules=rules)
    assert code == INVALID and words in message
    assert message.startswith("Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
                              "'Lifecycle policy validation failure: ")
    assert refusal(ecr.get_lifecycle_policy, repositoryName=repository)[0] == "LifecyclePolicyNotFoundException"


def test_a_lifecycle_policy_has_to_be_json(ecr: Any, repository: str) -> None:
    _, message = refusal(ecr.put_lifecycle_policy, repositoryName=repository, lifecyclePolicyText="x" * 200)
    assert "Could not map policyString into LifecyclePolicy." in message


GRANT = {"Version": "2012-10-17", "Statement": [
    {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": [ACCOUNT, "arn:aws:iam::111122223333:role/ci/x"]},
     "Action": ["ecr:BatchGetImage", "ecr:Get*"], "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-1"}}}]}


def changed(**members: Any) -> str:
    """The grant with members of its statement replaced or, by None, removed."""
    policy = copy.deepcopy(GRANT)
    statement = policy["Statement"][0] | members
    policy["Statement"] = [{key: value for key, value in statement.items() if value is not None}]
    return json.dumps(policy)


def test_account_ids_come_back_as_their_root(ecr: Any, repository: str) -> None:
    ecr.set_repository_policy(repositoryName=repository, policyText=json.dumps(GRANT))
    stored = json.loads(ecr.get_repository_policy(repositoryName=repository)["policyText"])
    assert stored["Statement"][0]["Principal"]["AWS"] == [
        f"arn:aws:iam::{ACCOUNT}:root", "arn:aws:iam::111122223333:role/ci/x"]


@pytest.mark.parametrize("text", [
    "", "no json", "[]", "{}", '{"Version":"2012-10-17","Statement":[]}',
    json.dumps(GRANT | {"Version": "2020-01-01"}),
    json.dumps(GRANT | {"Comment": "x"}),
    changed(Principal=None), changed(Effect="Maybe"), changed(Effect=None), changed(Action=None),
    changed(Action="s3:GetObject"), changed(Action=[]), changed(Action="BatchGetImage"),
    changed(Principal="somebody"), changed(Principal={"AWS": "12345"}), changed(Principal={"AWS": []}),
    changed(Principal={"Nobody": "x"}), changed(Resource="*"), changed(Sid=7),
    changed(Principal={"AWS": "arn:aws:iam::111122223333:role/does-not-exist-yet"}),
    changed(Principal={"AWS": ["*", "arn:aws:iam::111122223333:role/path/does-not-exist"]}),
])
def test_bad_repository_policies_are_refused(ecr: Any, repository: str, text: str) -> None:
    assert refusal(ecr.set_repository_policy, repositoryName=repository, policyText=text) == (
        INVALID, "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
                 "'Invalid repository policy provided'")
    assert refusal(ecr.get_repository_policy, repositoryName=repository)[0] == "RepositoryPolicyNotFoundException"


def test_a_registry_policy_may_name_any_action_of_ecr(ecr: Any) -> None:
    ecr.put_registry_policy(policyText=changed(Resource="*"))
    assert "ecr:BatchGetImage" in ecr.get_registry_policy()["policyText"]
    for text in (changed(), changed(Resource="*", Action="sqs:SendMessage")):
        code, message = refusal(ecr.put_registry_policy, policyText=text)
        assert code == INVALID and "Invalid registry policy provided" in message
