"""Declarations that must be refused: what is wrong with each, and what CloudFormation must show.

A row is a name, the properties that make an otherwise good fleet of `orders` and `carts` bad (None takes one out), and
texts the reason has to hold; the path of the property is always among them.
"""

from __future__ import annotations

from typing import Any

Row = tuple[str, dict[str, Any], list[str]]


def rule(priority: int = 1, status: str = "any", action: str = "expire", **selection: Any) -> dict[str, Any]:
    """A lifecycle rule."""
    chosen = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 5} | selection
    return {"rulePriority": priority, "action": {"type": action},
            "selection": {key: value for key, value in chosen.items() if value is not None}}


def policy(*rules: dict[str, Any]) -> dict[str, Any]:
    """A lifecycle policy as a property."""
    return {"LifecyclePolicy": {"rules": list(rules)}}


def statement(**more: Any) -> dict[str, Any]:
    """A policy statement as a property."""
    usual = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}
    return {"PolicyStatements": [{key: value for key, value in (usual | more).items() if value is not None}]}


OTHER_RULE = rule(9, status="tagged", tagPrefixList=["keep-"])

NAMES: list[Row] = [
    ("names missing", {"RepositoryNames": None}, ["RepositoryNames: is required: a list of 1 to 1000"]),
    ("names empty", {"RepositoryNames": []}, ["RepositoryNames: has 0 names; 1 to 1000"]),
    ("names no list", {"RepositoryNames": "orders"}, ["RepositoryNames: must be a list, not text"]),
    ("names too many", {"RepositoryNames": [f"n{number}" for number in range(1001)]},
     ["RepositoryNames: has 1001 names; 1 to 1000"]),
    ("name twice", {"RepositoryNames": ["orders", "carts", "orders"]},
     ["RepositoryNames[2]: repeats RepositoryNames[0]", '"orders"']),
    ("name upper case", {"RepositoryNames": ["orders", "Order-Service"]},
     ["RepositoryNames[1]: gives the repository name", "-dev-Order-Service", "contains 'O'", "lower-case"]),
    ("name with a wrong separator", {"RepositoryNames": ["order..service"]}, ["RepositoryNames[0]:", 'separator ".."']),
    ("name with a wrong end", {"RepositoryNames": ["orders-"]}, ["RepositoryNames[0]:", "begin and end with"]),
    ("name empty", {"RepositoryNames": ["orders", ""]}, ["RepositoryNames[1]:", "begin and end with"]),
    ("name too long by the pattern", {"RepositoryNames": ["n" * 250]}, ["RepositoryNames[0]:", "characters long",
                                                                      "ECR allows 2 to 256"]),
    ("name that is a map", {"RepositoryNames": ["orders", {"a": "b"}]},
     ["RepositoryNames[1]: must be text, not a map"]),
    ("project missing", {"ProjectName": None}, ["ProjectName: is required"]),
    ("project empty", {"ProjectName": ""}, ["ProjectName: must not be empty"]),
    ("project upper case", {"ProjectName": "Shop"}, ["ProjectName: contains 'S'"]),
    ("project reserved", {"ProjectName": "secrets"}, ['ProjectName: must not be "secrets"']),
    ("environment missing", {"Environment": None}, ["Environment: is required"]),
    ("environment with a space", {"Environment": "de v"}, ["Environment: contains ' '"]),
    ("pattern without name", {"NamePattern": "{project}-{environment}"}, ["NamePattern: must contain {name}"]),
    ("pattern with a stranger", {"NamePattern": "{stage}-{name}"},
     ["1 problem in", "NamePattern: knows the placeholders"]),
    ("pattern that breaks names", {"NamePattern": "{project}/-{name}"}, ["RepositoryNames[0]:", "begin and end with"]),
    ("parameter too deep", {"RepositoryNames": ["a/b/c/d/e/f/g/h/i/j/k/l"]},
     ["RepositoryNames[0]: gives the SSM parameter", "SSM allows 15 levels"]),
]

WORDS: list[Row] = [
    ("property misspelt", {"ImageTagMutabilty": "IMMUTABLE"},
     ["ImageTagMutabilty: is not a property of this resource; did you mean ImageTagMutability?"]),
    ("property unknown", {"Colour": "blue"}, ["Colour: is not a property of this resource; remove it"]),
    ("property in camel case", {"maxImageCount": 3}, ["maxImageCount:", "did you mean MaxImageCount?"]),
    ("mutability misspelt", {"ImageTagMutability": "IMUTABLE"},
     ["ImageTagMutability: must be one of MUTABLE, IMMUTABLE", "did you mean IMMUTABLE?"]),
    ("flag that is none", {"ScanOnPush": "yes"}, ['ScanOnPush: must be true or false, not "yes"']),
    ("encryption in lower case", {"EncryptionType": "aes256"},
     ["EncryptionType: must be one of AES256, KMS, KMS_DSSE", "did you mean AES256?"]),
    ("removal unknown", {"OnRemove": "Keep"}, ["OnRemove: must be one of Delete, Retain"]),
    ("drift mode unknown", {"DriftMode": "enforce"}, ["DriftMode: must be one of", "did you mean Enforce?"]),
    ("return value unknown", {"ReturnValues": ["RepositoryUrl"]},
     ['ReturnValues[0]: "RepositoryUrl" is not a return value; did you mean RepositoryUrls?']),
    ("return value of no name", {"ReturnValues": ["Url.other"]}, ["ReturnValues[0]:", "is not a return value"]),
]

NUMBERS: list[Row] = [
    ("count zero", {"MaxImageCount": 0}, ['MaxImageCount: must be a whole number from 1 to 2147483647, not "0"']),
    ("count negative", {"MaxImageCount": "-1"}, ["MaxImageCount: must be a whole number", '"-1"']),
    ("count broken", {"MaxImageCount": 2.5}, ["MaxImageCount: must be a whole number", '"2.5"']),
    ("count a word", {"MaxImageCount": "ten"}, ["MaxImageCount: must be a whole number", '"ten"']),
    ("days too many", {"ImageRetentionDays": 2147483648}, ["ImageRetentionDays: must be a whole number"]),
    ("untagged days zero", {"UntaggedRetentionDays": 0}, ["UntaggedRetentionDays: must be a whole number"]),
    ("untagged images a list", {"MaxUntaggedImages": [3]}, ["MaxUntaggedImages: must be a whole number", "not a list"]),
]

SECURITY: list[Row] = [
    ("key without kms", {"KmsKey": "alias/mine"}, ["KmsKey: is only allowed with EncryptionType KMS or KMS_DSSE"]),
    ("key empty", {"EncryptionType": "KMS", "KmsKey": ""}, ["KmsKey: must be a key id, key ARN, alias"]),
    ("exclusions without mode", {"ImageTagMutabilityExclusions": ["dev-*"]},
     ["ImageTagMutabilityExclusions: is only allowed with IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION"]),
    ("mode without exclusions", {"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
     ["ImageTagMutabilityExclusions: is required with ImageTagMutability IMMUTABLE_WITH_EXCLUSION"]),
    ("too many exclusions", {"ImageTagMutability": "MUTABLE_WITH_EXCLUSION",
                             "ImageTagMutabilityExclusions": ["a*", "b*", "c*", "d*", "e*", "f*"]},
     ["ImageTagMutabilityExclusions: has 6 filters; ECR allows 1 to 5"]),
    ("exclusion with three stars", {"ImageTagMutability": "MUTABLE_WITH_EXCLUSION",
                                    "ImageTagMutabilityExclusions": ["*a*b*"]},
     ["ImageTagMutabilityExclusions[0]:", "more than two *"]),
    ("principal that is none", {"PullPrincipals": ["bob"]}, ['PullPrincipals[0]: "bob" is no principal']),
    ("principal with a wildcard", {"PushPrincipals": ["arn:aws:iam::444455556666:role/*"]},
     ["PushPrincipals[0]:", "has a wildcard"]),
    ("principal twice", {"PullPrincipals": ["444455556666", "444455556666"]}, ["PullPrincipals[1]: repeats"]),
    ("function that is none", {"LambdaPullArns": ["worker"]},
     ['LambdaPullArns[0]: "worker" is not the ARN of a Lambda function']),
    ("organisation that is none", {"PullOrganizations": ["ou-1"]}, ['PullOrganizations[0]: "ou-1" is no organisation']),
    ("the world pulls", {"PullPrincipals": ["*"]},
     ["PullPrincipals: it allows the principal", "set AllowPublicPrincipals to true"]),
    ("the world by a statement", statement(Principal="*"), ["PolicyStatements[0]: it allows the principal",
                                                            "without a condition"]),
    ("the world by a weak condition",
     statement(Principal="*", Condition={"StringLike": {"aws:PrincipalOrgID": "o-*"}}),
     ["PolicyStatements[0]: it allows the principal", "aws:PrincipalOrgID open"]),
    ("statement without action", statement(Action=None), ["PolicyStatements[0].Action: is missing"]),
    ("statement with a foreign action", statement(Action="s3:GetObject"),
     ["PolicyStatements[0].Action", '"s3:GetObject" is no action for this policy']),
    ("statement that logs in", statement(Action="ecr:GetAuthorizationToken"),
     ["PolicyStatements[0].Action", "identity permission"]),
    ("statement with a resource", statement(Resource="*"), ["PolicyStatements[0].Resource: is not allowed"]),
    ("statement with a misspelt member", statement(Efect="Allow"),
     ["PolicyStatements[0].Efect", "did you mean Effect?"]),
    ("policy too long", {"PullPrincipals": [f"arn:aws:iam::444455556666:role/{number:03}{'x' * 60}"
                                            for number in range(110)]},
     ["PolicyStatements: together with the principals makes a repository policy of", "ECR allows 10240"]),
]

LIFECYCLE: list[Row] = [
    ("policy that is no JSON", {"LifecyclePolicy": "{rules"}, ["LifecyclePolicy"]),
    ("policy without rules", {"LifecyclePolicy": {"rules": []}}, ["LifecyclePolicy.rules: ECR wants 1 to 50 rules"]),
    ("policy with a misspelt member", {"LifecyclePolicy": {"rule": []}},
     ["LifecyclePolicy.rule:", "Did you mean `rules`?"]),
    ("policy with a priority twice", policy(rule(1), OTHER_RULE | {"rulePriority": 1}),
     ["LifecyclePolicy.rules[1].rulePriority: ECR wants every rulePriority once"]),
    ("policy with two untagged rules", policy(rule(1, "untagged"), rule(2, "untagged", countNumber=9)),
     ["LifecyclePolicy.rules[1].selection.tagStatus: ECR takes one rule for untagged images"]),
    ("policy with any not last", policy(rule(1), OTHER_RULE), ["LifecyclePolicy.rules[0]", "`any`"]),
    ("policy with a count of none", policy(rule(countNumber=0), OTHER_RULE),
     ["LifecyclePolicy.rules[0].selection.countNumber: ECR wants a whole number of at least 1"]),
    ("policy without a unit", policy(rule(countType="sinceImagePushed")),
     ["LifecyclePolicy.rules[0].selection.countUnit: ECR wants a `countUnit`"]),
    ("policy with tags without a list", policy(rule(1, "tagged")),
     ["LifecyclePolicy.rules[0].selection: ECR wants exactly one of `tagPrefixList` and `tagPatternList`"]),
    ("policy with five stars", policy(rule(1, "tagged", tagPatternList=["*a*b*c*d*"])),
     ["LifecyclePolicy.rules[0].selection.tagPatternList[0]: ECR takes at most 4 `*`"]),
    ("policy with an unknown action", policy(rule(action="delete")), ["LifecyclePolicy.rules[0].action.type",
                                                                     "`delete`"]),
    ("prefix with a star", {"TagPrefixes": ["v*"]}, ["TagPrefixes[0]: A prefix is taken literally"]),
    ("prefix empty", {"TagPrefixes": [""]}, ["TagPrefixes[0]: An empty text"]),
    ("pattern with a space", {"ProtectedTagPatterns": ["a b"]}, ["ProtectedTagPatterns[0]: No image tag can have ' '"]),
    ("too many tag lists", {"TagPrefixes": [f"v{number}" for number in range(49)]},
     ["TagPrefixes: ECR takes 50 rules in a policy"]),
]

TAGS: list[Row] = [
    ("tag of aws", {"Tags": {"aws:team": "a"}}, ["Tags.aws:team:", "belong to AWS"]),
    ("tag of ours", {"Tags": {"ecr-steward:owner": "me"}}, ["Tags.ecr-steward:owner:", "written by ecr-steward alone"]),
    ("tag key too long", {"Tags": [{"Key": "k" * 129, "Value": "a"}]}, ["Tags[0]: has a key of 129 characters"]),
    ("tag value too long", {"Tags": {"a": "v" * 257}}, ["Tags.a: has a value of 257 characters"]),
    ("tag with a strange letter", {"Tags": {"a": "b!"}}, ["Tags.a: contains '!'"]),
    ("tag twice", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, ['Tags[1]: repeats the key "a"']),
    ("tag without a value", {"Tags": [{"Key": "a"}]}, ["Tags[0]: needs a Key and a Value"]),
    ("tags of a wrong kind", {"Tags": "team=a"}, ["Tags: must be a list of Key and Value, or a map"]),
    ("tags too many", {"Tags": {f"k{number}": "v" for number in range(45)}},
     ["Tags: has 45 keys; ECR allows 50 tags and ecr-steward needs 6, which leaves 44"]),
]

TOGETHER: list[Row] = [
    ("override of nobody", {"Overrides": {"order": {"MaxImageCount": 3}}},
     ["Overrides.order: is not in RepositoryNames; did you mean orders?"]),
    ("override with a wrong value", {"Overrides": {"orders": {"MaxImageCount": "x"}}},
     ["Overrides.orders.MaxImageCount: must be a whole number"]),
    ("override with a property of the fleet", {"Overrides": {"orders": {"OnDelete": "Retain"}}},
     ["Overrides.orders.OnDelete: is not a property of this resource"]),
    ("override that does not fit the fleet",
     {"EncryptionType": "KMS", "KmsKey": "alias/a",
      "Overrides": {"orders": {"EncryptionType": "AES256", "KmsKey": "alias/b"}}},
     ["Overrides.orders.KmsKey: is only allowed with EncryptionType KMS"]),
    ("override that is no map", {"Overrides": {"orders": "x"}}, ["Overrides.orders: must be a map"]),
    ("timeout too long", {"ServiceTimeout": "7200"}, ["ServiceTimeout: must be a whole number from 1 to 3600"]),
    ("two problems at once", {"MaxImageCount": 0, "ScanOnPush": "perhaps"},
     ["2 problems in the properties; nothing was changed.", "MaxImageCount: must be", "ScanOnPush: must be"]),
    ("many problems at once", {"RepositoryNames": ["A", "orders", "orders"], "Colour": 1, "Tags": {"aws:a": "b"},
                               "Overrides": {"nobody": {"ImageTagMutability": "x"}}},
     ["6 problems in the properties", "RepositoryNames[0]:", "RepositoryNames[2]:", "Colour:", "Tags.aws:a:",
      "Overrides.nobody:", "Overrides.nobody.ImageTagMutability:"]),
]

ROWS = [*NAMES, *WORDS, *NUMBERS, *SECURITY, *LIFECYCLE, *TAGS, *TOGETHER]
