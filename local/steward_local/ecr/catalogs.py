"""What the gallery shows of a public repository. A logo goes in as bytes and comes out as an address."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from moto.ecr.models import Repository

from .errors import EcrError


def put(repository: Repository, data: dict[str, Any]) -> dict[str, Any]:
    """Replaces the texts and lists as a whole. A logo stays until there is another."""
    logo = data.get("logoImageBlob")
    url = getattr(repository, "steward_catalog", {}).get("logoUrl")
    if logo is not None:
        url = f"https://logos.example.org/{hashlib.sha256(base64.b64decode(logo)).hexdigest()}"
    kept = {key: value for key, value in data.items() if key != "logoImageBlob"} | {"marketplaceCertified": False}
    repository.steward_catalog = kept | ({"logoUrl": url} if url else {})
    return repository.steward_catalog


def get(repository: Repository) -> dict[str, Any]:
    """The data, or that there never was any."""
    if not hasattr(repository, "steward_catalog"):
        raise EcrError("RepositoryCatalogDataNotFoundException",
                       f"The repository catalog data for repository '{repository.name}' does not exist "
                       f"in the registry with id '{repository.registry_id}'")
    return repository.steward_catalog
