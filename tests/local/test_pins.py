"""The ranges of pyproject.toml and the exact pins of constraints.txt are one list."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


def pins() -> dict[str, Requirement]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    return {canonicalize_name(each.name): each for each in map(Requirement, lines)}


def wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [Requirement(each) for each in project["dependencies"] + extras["local"] + extras["dev"]]


def test_every_requirement_has_a_pin_inside_its_range() -> None:
    pinned = pins()
    for requirement in wanted():
        pin = pinned[canonicalize_name(requirement.name)]
        version = next(iter(pin.specifier)).version
        assert requirement.specifier.contains(Version(version)), requirement


def test_every_pin_is_exact() -> None:
    for pin in pins().values():
        assert [each.operator for each in pin.specifier] == ["=="], pin


def test_redis_gets_its_timeouts_on_the_first_pythons_of_3_11() -> None:
    marker = pins()["async-timeout"].marker
    assert marker is not None
    assert marker.evaluate({"python_full_version": "3.11.2"})
    assert not marker.evaluate({"python_full_version": "3.11.3"})


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    for name, version in lock["packages"][""]["dependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_every_direct_dependency_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text().lower()
    scripts = json.loads((ROOT / "package.json").read_text())
    names = [each.name for each in wanted()] + [*scripts["dependencies"], *scripts["devDependencies"]]
    assert [name for name in names if f"`{name.lower()}`" not in text] == []
