"""axe-core and a few rules of our own, over one page in all its looks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.journeys.windows import DESKTOP, HEIGHTS, NARROW, PHONE

SOURCE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUICKLY = {"resultTypes": ["violations"], "preload": False, "iframes": False}
EVERYTHING: dict[str, Any] = {**QUICKLY, "runOnly": TAGS, "rules": {"target-size": {"enabled": True}}}
COLOURS: dict[str, Any] = {**QUICKLY, "runOnly": ["color-contrast", "link-in-text-block"]}
LOOKS = [
    (PHONE, "light", EVERYTHING), (PHONE, "dark", COLOURS), (DESKTOP, "dark", EVERYTHING), (DESKTOP, "light", COLOURS),
]  # fmt: skip
"""A dark page differs from the light one by its colours only, so each width is looked at in full once."""

PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
RUN = "options => axe.run(document, options).then(result => result.violations)"
OVERFLOW = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > room + 1)
    .map(e => e.outerHTML.slice(0, 120)).slice(0, 5);
}"""
SMALL = """least => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')].filter(e => {
  const box = (e.matches('[type=checkbox], [type=radio]') ? e.closest('label') ?? e : e).getBoundingClientRect();
  // Links within a sentence are as high as its line.
  const inText = e.matches('a') && getComputedStyle(e).display === 'inline';
  return box.height > 1 && !inText && (box.height < least || box.width < least);
}).map(e => `${e.outerHTML.slice(0, 120)} ${e.getBoundingClientRect().height}px`)"""


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds at 375 and 1280 px, in light and in dark, one line each."""
    page.evaluate(_source())
    found: list[str] = []
    for width, scheme, options in LOOKS:
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(PAINTED)
        found += [f"{width} {scheme}: {line}" for result in page.evaluate(RUN, options) for line in _lines(result)]
    return found


def _lines(result: dict[str, Any]) -> list[str]:
    return [f"{result['id']}: {node['html'][:200]} {_why(node)}" for node in result["nodes"]]


def _why(node: dict[str, Any]) -> str:
    return " ".join(node["failureSummary"].split())


def overflowing(page: Page) -> list[str]:
    """What makes the page scroll sideways on the narrowest phone."""
    page.set_viewport_size({"width": NARROW, "height": 640})
    return page.evaluate(OVERFLOW)


def small_targets(page: Page, least: int) -> list[str]:
    page.set_viewport_size({"width": PHONE, "height": HEIGHTS[PHONE]})
    return page.evaluate(SMALL, least)
