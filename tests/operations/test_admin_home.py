"""The console's home: health in words, queues with their oldest entry, texts by state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nexapp.spine.ids import new_id

from .conftest import Sql, Visitor


def test_an_empty_installation_explains_itself(admin: Visitor) -> None:
    page = admin.get("/admin")
    assert page.status_code == 200
    assert "No texts yet" in page.text
    assert "None is alive. Texts and jobs wait." in page.text
    assert "Something doesn&#39;t work." in page.text


def test_queues_and_texts_are_counted(admin: Visitor, owner_sql: Sql, add_text: Callable[..., None]) -> None:
    for minutes in (-3, -1, 60):
        owner_sql(
            "INSERT INTO background_jobs (id, actor_role, queue, name, status, run_at)"
            " VALUES (%s, 'system', 'default', 'x', 'queued', now() + make_interval(mins => %s))",
            new_id(), minutes,
        )  # fmt: skip
    add_text("delivered")
    add_text("failed")
    from nexapp.operations import overview
    from nexapp.spine.tenancy import SYSTEM
    from nexapp.spine.unit import unit_of_work

    app = admin.client.application
    with app.app_context(), unit_of_work(SYSTEM):
        depths = {depth.queue: depth for depth in overview.queue_depths()}
        texts = dict(map(tuple, overview.texts_by_state()))
    assert (depths["default"].due, depths["default"].later, depths["default"].running) == (2, 1, 0)
    assert depths["default"].oldest_at is not None
    assert texts == {"delivered": 1, "failed": 1}
    assert "3 min ago" in admin.get("/admin").text


def test_the_home_is_a_fragment_that_looks_again(admin: Visitor) -> None:
    answer = admin.get("/admin", HX_Request="true")
    assert "<html" not in answer.text
    assert "every 15s" in answer.text


def test_the_menu_marks_one_place(admin: Visitor) -> None:
    page = admin.get("/admin/errors").text
    assert page.count('aria-current="page"') == 1
    assert '<a href="/admin/errors" aria-current="page">' in page


def test_merchants_see_no_console_in_the_menu(signed_in: Callable[..., Visitor], app: Any) -> None:
    from flask import g

    from nexapp.spine.tenancy import Actor, Role
    from nexapp.spine.web.navigation import shown_items

    with app.test_request_context("/"):
        g.actor = Actor(Role.OWNER, new_id(), new_id())
        assert not [item for item in shown_items() if item.href.startswith("/admin")]
