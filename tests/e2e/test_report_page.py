"""The compliance report's page in a real browser: it stands alone, and fits a desk and a phone, by day and by night.

Pictures of it are left in `target/report/`, to be looked at.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from browser import Browser, found

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "target" / "tmp" / "compliance" / "report.html"
PICTURES = ROOT / "target" / "report"
# Narrower than any phone that is sold, the usual phone, a tablet, a desk.
WIDTHS = (320, 390, 820, 1280)


@pytest.fixture(scope="module")
def page() -> str:
    """The page of a registry with some of everything, written by a Rust test."""
    if found():
        name = "compliance::page::a_full_page_is_left_for_a_browser"
        command = ["cargo", "test", "--quiet", "--locked", "--test", "it", "--", "--exact", name]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, done.stdout[-4000:]
    return PAGE.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser, where there is one."""
    path = found()
    if path is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium); the page was not looked at")
    browser = Browser(path, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


def complaints(browser: Browser) -> list[str]:
    """What the page asked for beside itself, and what the console says."""
    said = []
    for event in browser.events:
        parameters = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent" if parameters["request"]["url"] != PAGE.as_uri():
                said.append(f"asks for {parameters['request']['url']}")
            case "Log.entryAdded":
                said.append(parameters["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                said.append(str(parameters))
    return said


def test_it_loads_nothing_and_the_console_is_silent(browser: Browser, page: str) -> None:
    browser.look(1280, 900, "light")
    browser.open(page)
    browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.evaluate("document.querySelectorAll('h2').length") >= 8
    assert browser.evaluate("document.querySelectorAll('svg[role=img]:not([aria-label])').length") == 0
    assert any(event.get("method") == "Network.requestWillBeSent" for event in browser.events), "requests are heard"
    assert complaints(browser) == []


@pytest.mark.parametrize("folded", (True, False), ids=("folded", "unfolded"))
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(browser: Browser, page: str, width: int, folded: bool) -> None:
    browser.look(width, 844, "light")
    browser.open(page)
    if not folded:
        browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= width


def test_day_and_night_are_different_and_read_well(browser: Browser, page: str) -> None:
    """Contrast of words and paper: WCAG 2.2, success criterion 1.4.3, asks for 4.5."""
    contrast = """(() => {
      const light = (color) => color.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
      const paper = light(getComputedStyle(document.querySelector('.card')).backgroundColor);
      return ['h1', '.tile span', '.bars small', 'td', 'td small', 'summary span', '.empty', '.chip', '.key li', '.label span'].map((what) => {
        const ink = light(getComputedStyle(document.querySelector(what)).color);
        return [what, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
      });
    })()"""
    papers = set()
    for scheme in ("light", "dark"):
        browser.look(1280, 900, scheme)
        browser.open(page)
        papers.add(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert [(what, ratio) for what, ratio in browser.evaluate(contrast) if ratio < 4.5] == []
    assert len(papers) == 2


@pytest.mark.parametrize(("name", "width", "scheme"), (
    ("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "light"), ("phone-dark", 390, "dark")))
def test_it_is_pictured(browser: Browser, page: str, name: str, width: int, scheme: str) -> None:
    browser.look(width, 900, scheme)
    browser.open(page)
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / f"{name}.png"
    browser.picture(picture, min(3_600, browser.evaluate("document.scrollingElement.scrollHeight")))
    assert picture.stat().st_size > 20_000, "a page of one colour is smaller"
