"""What `make check` asks of templates and assets. Each finding is one line with its place.

python -m nexapp.local.checks
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

from . import assets
from .assets import ROOT, STATIC, TARGET
from .steps import CannotStart

TEMPLATES = ROOT / "templates"
# The pages' content security policy has no 'unsafe-inline': each of these would silently do nothing.
REFUSED = {
    "inline style": re.compile(r"<[a-z][^<>]*?\sstyle\s*=", re.IGNORECASE),
    "inline handler": re.compile(r"<[a-z][^<>]*?\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\shx-on[:a-z-]*\s*=", re.IGNORECASE),
    "js: value": re.compile(r"""=\s*["']\s*(?:js|javascript):""", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(
        r"<script\b(?![^>]*\bsrc\s*=)(?![^>]*type=\"application/(?:ld\+)?json\")[^>]*>", re.IGNORECASE
    ),
    "trigger filter in brackets": re.compile(r"""hx-trigger\s*=\s*["'][^"']*\["""),
    "|safe": re.compile(r"\|\s*safe\b"),
    "address of another host": re.compile(r"""(?:src|href)\s*=\s*["']https?://(?!\{)""", re.IGNORECASE),
}
ALLOWED_HOSTS = re.compile(r"""<a\b[^>]*href\s*=\s*["']https://""", re.IGNORECASE)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
ASSET_USE = re.compile(r"""\basset\(\s*["']([^"']+)["']\s*\)""")
ICON_USE = re.compile(r"""\b(?:icon|glyph)\s*\(\s*["']([^"'{}]+)["']""")


def findings() -> list[str]:
    assets.build()
    assets.install_packages()
    manifest = json.loads((TARGET / "manifest.json").read_text())
    return [*_template_findings(manifest), *_script_findings(), *_style_findings()]


def _template_findings(manifest: dict[str, str]) -> Iterator[str]:
    jinja = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text()
        try:
            jinja.parse(text)
        except TemplateSyntaxError as error:
            yield f"{_place(path)}:{error.lineno}: {error.message}"
        bare = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
        yield from _refused(path, bare)
        yield from _missing(path, bare, manifest)


def _refused(path: Path, text: str) -> Iterator[str]:
    # No mail program fetches a style sheet, and the pages' policy doesn't reach into a letter.
    is_letter = path.is_relative_to(TEMPLATES / "email")
    for name, pattern in REFUSED.items():
        if is_letter and name == "style element":
            continue
        for found in pattern.finditer(text):
            if name == "address of another host" and ALLOWED_HOSTS.search(text[: found.end() + 8].rpartition("\n")[2]):
                continue
            yield f"{_place(path)}:{_line(text, found)}: {name}"


def _missing(path: Path, text: str, manifest: dict[str, str]) -> Iterator[str]:
    for found in ASSET_USE.finditer(text):
        if found[1] not in manifest:
            yield f"{_place(path)}:{_line(text, found)}: asset {found[1]} is not built"
    for found in ICON_USE.finditer(text):
        if assets.find_icon(found[1]) is None:
            yield f"{_place(path)}:{_line(text, found)}: there is no icon {found[1]}"


def _script_findings() -> Iterator[str]:
    node = shutil.which("node")
    for path in sorted((STATIC / "js").rglob("*.js")):
        if node:
            done = subprocess.run([node, "--check", path], capture_output=True, text=True, check=False)
            if done.returncode:
                yield f"{_place(path)}: {done.stderr.strip().splitlines()[-1]}"
        if re.search(r"\beval\(|new Function\(", path.read_text()):
            yield f"{_place(path)}: eval and Function are refused by the content security policy"


def _style_findings() -> Iterator[str]:
    for path in sorted((STATIC / "css").rglob("*.css")):
        text = path.read_text()
        if text.count("{") != text.count("}"):
            yield f"{_place(path)}: braces don't match"
        if "@import" in text:
            yield f"{_place(path)}: @import costs a round trip; list the file in the layout"


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def main() -> int:
    try:
        found = findings()
    except CannotStart as error:
        found = [str(error)]
    print("\n".join(found) if found else "Templates and assets: nothing found")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
