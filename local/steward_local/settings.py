"""What every part of the local AWS has to agree on: places, ports, identity."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "local"
VENV = ROOT / ".venv"
MINISTACK_VENV = VENV / "ministack"
CUSTODIAN_VENV = VENV / "custodian"
# Each folder is a local AWS of its own: two may run side by side.
RUN = Path(os.environ.get("STEWARD_LOCAL_RUN", ROOT / ".local")).resolve()
STATE_FILE = RUN / "state.json"

HOST = "127.0.0.1"
# One account for both servers: MiniStack takes a 12-digit access key for the
# account id, moto is told by MOTO_ACCOUNT_ID.
ACCOUNT = "123456789012"
REGION = "us-east-1"

# Taken over from the caller by the servers, and so by the functions that
# MiniStack starts. Everything else stays out: a profile, a proxy or a real
# credential of the caller's must not leak into a function.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "RUST_LOG", "RUST_BACKTRACE")


# Tells docker clients where to push to and pull from; the addresses of repositories are those of AWS.
REGISTRY_VARIABLE = "ECR_STEWARD_LOCAL_REGISTRY"


class LocalError(Exception):
    """Something the person at the terminal can mend; its text says how."""


def endpoint(port: int) -> str:
    """The base URL of a local server. An IP address, not a name, because the
    SDKs then address S3 buckets by path instead of by host name."""
    return f"http://{HOST}:{port}"


def client_environment(ministack_port: int, ecr_port: int) -> dict[str, str]:
    """The variables that point an AWS client at the local AWS."""
    ecr = endpoint(ecr_port)
    return {
        "AWS_ENDPOINT_URL": endpoint(ministack_port),
        "AWS_ENDPOINT_URL_ECR": ecr,
        "AWS_ENDPOINT_URL_ECR_PUBLIC": ecr,
        "AWS_ENDPOINT_URL_SECURITYHUB": ecr,
        "AWS_ENDPOINT_URL_INSPECTOR2": ecr,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def registry_address(ecr_port: int) -> str:
    """The local registry as image names begin with it."""
    return f"{HOST}:{ecr_port}"


def kept_environment() -> dict[str, str]:
    """The part of the caller's environment that servers may see."""
    return {key: os.environ[key] for key in KEPT_VARIABLES if key in os.environ}
