"""Builds `static/vendor`: the files of the npm packages and our own, under names with their hash.

    python -m nexapp.local.assets

A second run with nothing changed reads one stamp and returns. `manifest.json` maps the name that
templates use (`css/app.css`, `vendor/htmx.min.js`) to the file's path below `static/vendor`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from .node import find_node
from .steps import CannotStart

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TARGET = STATIC / "vendor"
PACKAGES = ROOT / "node_modules"
LIBRARIES = {
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/socket.io.min.js": "socket.io-client/dist/socket.io.min.js",
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
}
FONTS = {name: f"dejavu-fonts-ttf/ttf/{name}" for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")}
"""For files that the server writes; no page asks for them, so they keep their names."""
OURS = ("css", "js", "icons", "img", "fonts")
ICON_LIST = STATIC / "icons.txt"
# Names also come from tables (a state's icon) and Python, so every quoted word that is an icon counts.
QUOTED_WORD = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
SOURCE_MAP = re.compile(rb"\n?(?://# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$")
CSS_REFERENCE = re.compile(r"""url\(\s*(["']?)(?!data:|https?:|/|#)([^"')]+)\1\s*\)""")
COMPRESSIBLE = {".css", ".js", ".svg", ".json", ".txt", ".html", ".webmanifest", ".map"}


def build(force: bool = False) -> bool:
    """Bring `static/vendor` up to date; whether there was anything to do."""
    stamp = _stamp()
    if not force and (TARGET / ".stamp").exists() and (TARGET / ".stamp").read_text() == stamp:
        return False
    install_packages()
    draft = STATIC / ".vendor.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    manifest = _Writer(draft).write_all()
    (draft / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True))
    _copy_icons(draft / "icons")
    _copy_fonts(draft / "fonts")
    (draft / ".stamp").write_text(stamp)
    _swap(draft)
    return True


def install_packages() -> None:
    """`npm ci` unless it was done for this very lock file."""
    done, wanted = PACKAGES / ".nexapp-lock", _lock_hash()
    if done.exists() and done.read_text() == wanted:
        return
    find_node().install()
    done.write_text(wanted)


def icon_names() -> set[str]:
    """What templates and code may mean as an icon, and those of `static/icons.txt`."""
    names = set(ICON_LIST.read_text().split()) if ICON_LIST.exists() else set()
    for source in _icon_sources():
        names.update(QUOTED_WORD.findall(source.read_text()))
    return names


def find_icon(name: str) -> Path | None:
    ours = STATIC / "icons" / f"{name}.svg"
    outline = PACKAGES / "@tabler/icons/icons/outline" / f"{name}.svg"
    filled = PACKAGES / "@tabler/icons/icons/filled" / f"{name.removesuffix('-filled')}.svg"
    candidates = [ours, outline, *([filled] if name.endswith("-filled") else [])]
    return next((path for path in candidates if path.exists()), None)


class _Writer:
    def __init__(self, target: Path) -> None:
        self._target = target
        self._manifest: dict[str, str] = {}

    def write_all(self) -> dict[str, str]:
        for name, source in LIBRARIES.items():
            self._write(name, SOURCE_MAP.sub(b"", (PACKAGES / source).read_bytes()), folder="lib")
        # Style sheets last: they point at the others' hashed names.
        for path in sorted(_our_files(), key=lambda each: each.suffix == ".css"):
            name = path.relative_to(STATIC).as_posix()
            content = self._with_hashed_references(path) if path.suffix == ".css" else path.read_bytes()
            self._write(name, content, folder=Path(name).parent.as_posix())
        return self._manifest

    def _write(self, name: str, content: bytes, folder: str) -> None:
        stem, suffix = Path(name).stem, Path(name).suffix
        path = self._target / folder / f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if suffix in COMPRESSIBLE and len(content) > 500:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))
        self._manifest[name] = path.relative_to(self._target).as_posix()

    def _with_hashed_references(self, path: Path) -> bytes:
        depth = len(path.relative_to(STATIC).parts) - 1

        def hashed(match: re.Match[str]) -> str:
            aim = (path.parent / match[2].split("?")[0].split("#")[0]).resolve()
            name = aim.relative_to(STATIC).as_posix() if aim.is_relative_to(STATIC) else ""
            if name not in self._manifest:
                raise CannotStart(f"{path.relative_to(ROOT)} points at {match[2]}, which is not in static/.")
            return f'url("{"../" * depth}{self._manifest[name]}")'

        return CSS_REFERENCE.sub(hashed, path.read_text()).encode()


def _copy_icons(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in sorted(icon_names()):
        if source := find_icon(name):
            (target / f"{name}.svg").write_text(" ".join(source.read_text().split()).replace("> <", "><"))


def _copy_fonts(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name, source in FONTS.items():
        shutil.copyfile(PACKAGES / source, target / name)


def _swap(draft: Path) -> None:
    # Files of the page that a browser loaded a moment ago stay: a running server must not lose them.
    TARGET.mkdir(exist_ok=True)
    (TARGET / ".stamp").unlink(missing_ok=True)
    files = [path for path in draft.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda each: (each.name == ".stamp", each.name == "manifest.json")):
        place = TARGET / path.relative_to(draft)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    shutil.rmtree(draft)


def _our_files() -> Iterator[Path]:
    for folder in OURS:
        yield from (path for path in sorted((STATIC / folder).rglob("*")) if path.is_file())


def _icon_sources() -> Iterator[Path]:
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted(path for path in (ROOT / "nexapp").rglob("*.py") if "local" not in path.parts)


def _lock_hash() -> str:
    parts = [(ROOT / name).read_bytes() for name in ("package.json", "package-lock.json")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _stamp() -> str:
    """Changes with any input. Sizes and times are enough, and quicker than reading everything."""
    inputs = [*_our_files(), *_icon_sources(), Path(__file__), *([ICON_LIST] if ICON_LIST.exists() else [])]
    facts = [f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in inputs]
    return hashlib.sha256("\n".join([_lock_hash(), *facts]).encode()).hexdigest()


def main() -> int:
    try:
        changed = build(force="--force" in sys.argv)
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    print("Page assets built in static/vendor" if changed else "Page assets are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
