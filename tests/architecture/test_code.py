"""How the code hangs together: directions, cycles, the one place that commits, templates, what is tracked."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from flask import Flask

from nexapp.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NEXAPP = ROOT / "nexapp"
TEMPLATES = ROOT / "templates"
APART = ("gateways/phone/", "local/")
"""Programs of their own: the local phone keeps a file of its own, the launcher knows no web app."""

ENDERS = {"spine/unit.py", "spine/db.py"}
OWN_CONNECTIONS = {
    "spine/db.py": "look-ups before an actor is known",
    "spine/sockets.py": "asks which sessions live, for every socket of the process",
    "operations/health.py": "answers also where no unit can be had",
}


def modules() -> list[tuple[str, ast.Module]]:
    found = []
    for path in sorted(NEXAPP.rglob("*.py")):
        name = path.relative_to(NEXAPP).as_posix()
        if not name.startswith(APART):
            found.append((name, ast.parse(path.read_text())))
    return found


def calls(tree: ast.Module, *names: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def test_one_place_ends_a_transaction() -> None:
    found = {name for name, tree in modules() if calls(tree, "commit", "rollback")}
    assert found == ENDERS


def test_few_places_take_a_connection_past_the_unit() -> None:
    found = set()
    for name, tree in modules():
        words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "autocommit_engine" in words or "create_engine" in words:
            found.add(name)
    assert found <= set(OWN_CONNECTIONS)


def test_units_are_begun_where_work_comes_in() -> None:
    allowed = {
        "spine/unit.py": "defines it",
        "spine/web/application.py": "a request",
        "spine/jobs/runner.py": "a job",
        "spine/faults.py": "an error that must outlive its request",
        "operations/health.py": "a check, on a thread of its own",
    }
    others = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "unit_of_work" and name not in allowed
    }
    views = {name for name in others if name.endswith("views.py")}
    assert views == set(), "a view runs inside a unit already"


def test_imports_go_downwards() -> None:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    assert program, "import-linter is not installed"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_import_graph_has_no_cycle() -> None:
    graph = grimp.build_graph("nexapp", exclude_type_checking_imports=True, cache_dir=None)
    order = TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


# Templates


def template_names() -> list[str]:
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


REFUSED = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a handler": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "an hx-on handler": re.compile(r"\shx-on", re.IGNORECASE),
    "a script of its own": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a style of its own": re.compile(r"<style", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "an unescaped value": re.compile(r"\|\s*safe\b|\bMarkup\(|autoescape\s+false", re.IGNORECASE),
    "another host": re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//"),
    "an expression that HTMX would evaluate": re.compile(r"hx-(?:vals|headers)\s*=\s*[\"']js:|hx-trigger=\"[^\"]*\["),
}  # fmt: skip


LETTERS = "a style of its own"
"""What letters alone may have: no mail program fetches a style sheet, and our policy doesn't reach into one."""


@pytest.mark.parametrize("name", template_names())
def test_a_template_compiles_and_keeps_to_the_policy(whole_app: Flask, name: str) -> None:
    whole_app.jinja_env.get_template(name)
    text = re.sub(r"\{#.*?#\}", "", (TEMPLATES / name).read_text(), flags=re.DOTALL)
    found = {what for what, pattern in REFUSED.items() if pattern.search(text)}
    assert found - ({LETTERS} if name.startswith("email/") else set()) == set()


def test_every_rendered_template_exists() -> None:
    named = set()
    for _, tree in modules():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"[\w/]+\.html", node.value)
            ):
                named.add(node.value)
    assert named - set(template_names()) == set()


def test_every_form_that_posts_carries_its_token() -> None:
    """Forms of link pages are guarded by their origin instead."""
    for name in template_names():
        if name.startswith(("claims/", "waiting_list/", "layouts/claim", "notifications/unsubscribe", "sales/letters")):
            continue
        text = (TEMPLATES / name).read_text()
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL):
            assert re.search(r"csrf\(\)|csrf_token", form), f"{name}: {form[:80]}"


def test_values_are_marked_safe_in_few_places() -> None:
    found = {name for name, tree in modules() for node in ast.walk(tree) if getattr(node, "id", "") == "Markup"}
    assert found <= {"spine/web/templating.py", "spine/web/pieces.py", "spine/web/wording.py"}


# What is tracked


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in names.decode().split("\0") if name and (ROOT / name).is_file()]


FOREIGN = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a Twilio account": r"\bAC(?!0{32})(?!([0-9a-f])\1{31})[0-9a-f]{32}\b",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "a cloud key": r"\bAKIA[0-9A-Z]{16}\b",
    "a token of a forge": r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bglpat-[\w-]{20}",
    "a registry": r"https?://[\w.-]*(?:npm|pypi|pythonhosted)|(?:extra-)?index-url\s*=|\"resolved\":\s*\"http",
    "a path of one machine": r"(?<![\w.])/(?:home|Users)/[a-z][\w-]*/|(?<![\w.])/(?:root|work)/\w|/opt/[a-z]+-more",
}  # fmt: skip


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_of_the_kind_is_tracked(what: str) -> None:
    pattern = re.compile(FOREIGN[what])
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path != Path(__file__) and (hit := pattern.search(text)):
            found.append(f"{path.relative_to(ROOT)}: {hit[0]}")
    assert found == []


def test_built_and_private_files_are_not_tracked() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert not [
        n for n in names if n.startswith((".nexapp/", "static/vendor/", "node_modules/", ".venv/")) or n == ".env"
    ]


# Settings in words


def test_the_docs_name_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", text, re.MULTILINE))
    assert set(rows) == {str(field.alias) for field in Settings.model_fields.values()}
    for field in Settings.model_fields.values():
        assert rows[str(field.alias)].strip() == _in_words(field.default), field.alias


def _in_words(default: object) -> str:
    if default is None:
        return "\u2013"
    if isinstance(default, bool):
        return "1" if default else "0"
    if isinstance(default, (int, float)):
        return f"{default:g}"
    return str(default) or "\u2013"
