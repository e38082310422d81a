"""The README's table of promises: whole, and with files and tests that exist. Other pages' links lead somewhere too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from samples import ROOT

README = (ROOT / "README.md").read_text()
TITLE = "## What a module of repositories promises, and where it is here\n"
TEST = re.compile(r"\[`(test_\w+)`\]\((tests/[\w./-]+\.py)\)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
INPUTS = {"project_name", "environment", "repository_names", "image_tag_mutability", "scan_on_push", "encryption_type",
          "max_image_count", "image_retention_days", "max_untagged_images"}
OUTPUTS = {"repository_urls", "repository_arns", "docker_login_command", "docker_commands", "k8s_image_pull_secret"}
# How many promises each part has.
PARTS = {"Features": 11, "Inputs": len(INPUTS), "Outputs": len(OUTPUTS), "Lifecycle rules": 4, "Docker": 3,
         "Kubernetes": 2, "Validation": 4, "Troubleshooting": 4}


def table() -> dict[str, list[list[str]]]:
    """The rows of each part, cell by cell."""
    section = README.split(TITLE)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    parts: dict[str, list[list[str]]] = {}
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0].startswith("**"):
            rows = parts.setdefault(cells[0].strip("*"), [])
        else:
            rows.append(cells)
    return parts


ROWS = [row for rows in table().values() for row in rows]


def test_no_promise_is_missing() -> None:
    parts = table()
    assert {part: len(rows) for part, rows in parts.items()} == PARTS
    assert {row[0].strip("`") for row in parts["Inputs"]} == INPUTS
    assert {row[0].strip("`") for row in parts["Outputs"]} == OUTPUTS


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_promise_has_an_example_and_a_test_that_exist(row: list[str]) -> None:
    promise, here, example, tests = row
    assert promise and here
    files = LINK.findall(example)
    assert files and all(file.startswith("examples/") for file in files)
    assert [file for file in files if not (ROOT / file).is_file()] == []
    named = TEST.findall(tests)
    assert named
    assert tests == ", ".join(f"[`{test}`]({file})" for test, file in named), "nothing but tests stands there"
    for test, file in named:
        assert re.search(rf"^def {test}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file} has no {test}"


def pages() -> list[Path]:
    """Every page of the project."""
    return [page for folder in (".", "docs", "events", "examples") for page in sorted((ROOT / folder).rglob("*.md"))
            if folder != "." or page.parent == ROOT]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, heading = link.partition("#")
        target = page if not file else (page.parent / file).resolve()
        assert target.exists(), f"{link} leads nowhere"
        if heading and target.suffix == ".md":
            assert heading in headings(target), f"{link} leads to no heading"


def headings(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_example_is_told_of() -> None:
    told = {link for link in LINK.findall(README) if link.startswith("examples/")}
    files = {str(file.relative_to(ROOT)) for file in (ROOT / "examples").rglob("*") if file.is_file()}
    folders = {"examples/central-findings/README.md": "examples/central-findings/",
               "examples/organization-stackset.yaml": "examples/organization/"}
    covered = {file for file in files for link, folder in folders.items() if link in told and file.startswith(folder)}
    assert files - told - covered == set()
