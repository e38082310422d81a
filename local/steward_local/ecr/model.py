"""Validates a request against the service model that also generates the SDKs.

The SDKs for compiled languages check next to nothing before sending, so a
local service that checks nothing either would let every mistake through.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from .errors import EcrError, invalid

# Upper-case in the texts of the service, lower-case in its model.
PLACES = {"lifecyclePolicyText": "LifecyclePolicyText", "policyText": "PolicyText",
          "imageManifest": "ImageManifest"}


# Members the service has and the pinned model does not, by shape: objects of flags.
NEWER = {"ReplicationRule": {"deleteReplication": ("enabled",)}}

# "Not blank", in which a line end is a character like any other.
NOT_BLANK = r".*\S.*"


@lru_cache
def service(name: str = "ecr") -> ServiceModel:
    """The model of a service as botocore ships it."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@lru_cache
def shape(name: str, owner: str = "ecr") -> Shape:
    """One shape of a service, made once: botocore builds its members anew for every copy."""
    return service(owner).shape_for(name)


def operation(name: str, owner: str = "ecr") -> OperationModel:
    """The operation of that name, or the refusal of an unknown one."""
    if name not in service(owner).operation_names:
        raise EcrError("UnknownOperationException", f"There is no operation named '{name}'.")
    return service(owner).operation_model(name)


def validate(name: str, request: Any, owner: str = "ecr") -> dict[str, Any]:
    """The request without its null members, once it satisfies the model."""
    shape = operation(name, owner)
    errors = {error.name for error in shape.error_shapes}
    code = "InvalidParameterException"
    if code not in errors and "ValidationException" in errors:
        code = "ValidationException"
    if not isinstance(request, dict):
        raise EcrError("SerializationException", "The request is not a JSON object.")
    if shape.input_shape is None:
        return {}
    try:
        return check(shape.input_shape, request, "")
    except EcrError as problem:
        if problem.code == "InvalidParameterException":
            problem.code = code
        raise


def check(shape: Shape, value: Any, place: str) -> Any:
    """One value against one shape."""
    if isinstance(shape, StructureShape):
        return check_structure(shape, value, place)
    if isinstance(shape, ListShape):
        of_type(value, list, place)
        bounds(len(value), shape, place)
        return [check(shape.member, item, f"{place}.{number}.member")
                for number, item in enumerate(value, 1)]
    if isinstance(shape, MapShape):
        of_type(value, dict, place)
        return {check(shape.key, key, f"{place} (key)"): check(shape.value, item, f"{place}.{key}")
                for key, item in value.items()}
    if shape.type_name == "string":
        return check_string(shape, value, place)
    if shape.type_name in ("integer", "long"):
        of_type(value, int, place)
        number_range(value, shape, place)
    elif shape.type_name in ("double", "float"):
        of_type(value, (int, float), place)
    elif shape.type_name == "boolean":
        of_type(value, bool, place)
    elif shape.type_name == "blob":
        of_type(value, str, place)
        try:
            bounds(len(base64.b64decode(value, validate=True)), shape, place)
        except binascii.Error:
            raise EcrError("SerializationException", f"'{place}' is not base64.") from None
    return value


def check_structure(shape: StructureShape, value: Any, place: str) -> dict[str, Any]:
    """Members known and, where required, there. Null means absent."""
    of_type(value, dict, place)
    prefix = f"{place}." if place else ""
    present = {key: item for key, item in value.items() if item is not None}
    newer = NEWER.get(shape.name, {})
    extra = {key: flags(present.pop(key), newer[key], prefix + key) for key in newer if key in present}
    for key in present:
        if key not in shape.members:
            raise invalid(prefix + key, "Member is not known")
    for key in shape.required_members:
        if key not in present:
            raise invalid(prefix + key, "Member must not be null")
    return {key: check(shape.members[key], item, prefix + PLACES.get(key, key))
            for key, item in present.items()} | extra


def flags(value: Any, names: tuple[str, ...], place: str) -> dict[str, bool]:
    """An object of these flags and no others."""
    of_type(value, dict, place)
    for key, item in value.items():
        if key not in names:
            raise invalid(f"{place}.{key}", "Member is not known")
        of_type(item, bool, f"{place}.{key}")
    return dict(value)


def check_string(shape: Shape, value: Any, place: str) -> str:
    """Length, enumeration and pattern; a pattern covers the whole value."""
    of_type(value, str, place)
    bounds(len(value), shape, place)
    choices = shape.metadata.get("enum")
    if choices and value not in choices:
        raise invalid(place, f"Member must satisfy enum value set: [{', '.join(choices)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.DOTALL if pattern == NOT_BLANK else 0):
        raise invalid(place, f"must satisfy regular expression '{pattern}'")
    return value


def of_type(value: Any, wanted: type | tuple[type, ...], place: str) -> None:
    """JSON of the wrong kind never reaches the service's own checks."""
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise EcrError("SerializationException", f"'{place}' is not of the expected JSON type.")


def bounds(length: int, shape: Shape, place: str) -> None:
    """How long or how many."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        raise invalid(place, f"Member must have length greater than or equal to {low}")
    if high is not None and length > high:
        raise invalid(place, f"Member must have length less than or equal to {high}")


def number_range(value: int, shape: Shape, place: str) -> None:
    """How small or large."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        raise invalid(place, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        raise invalid(place, f"Member must have value less than or equal to {high}")
