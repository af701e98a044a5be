"""What a check's finding means, in a sentence that says what to do."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from nexapp.operations.health import DEGRADED, FAILING, OK, Finding

NOBODY = "flask --app app "


def titles() -> dict[str, str]:
    return {
        "database": _("Database"),
        "redis": _("Redis"),
        "sms": _("Texts"),
        "workers": _("Workers"),
        "scheduler": _("Scheduler"),
        "migrations": _("Database tables"),
    }


def sentence(name: str, finding: Finding) -> str:
    facts = finding.facts
    if "reason" in facts:
        return _unanswered(name)
    words: dict[Any, str] = {
        ("database", OK): _("Answers."),
        ("redis", OK): _("Answers."),
        ("sms", OK): _texts(facts),
        ("sms", DEGRADED): _texts(facts) + " " + _("That is more than usual: look at the errors."),
        ("sms", FAILING): _("Sending is paused: the provider refuses our account. Texts wait and go out afterwards."),
        ("workers", OK): _("%(live)s at work.", live=facts.get("live")),
        ("workers", DEGRADED): _(
            "Nobody works on: %(queues)s.", queues=", ".join(facts.get("queues_without_worker", ()))
        ),
        ("workers", FAILING): _("None is alive. Texts and jobs wait. Start one: %(it)s", it=NOBODY + "worker"),
        ("scheduler", OK): _("At work."),
        ("scheduler", FAILING): _(
            "None is alive. Holds don't end on time. Start one: %(it)s", it=NOBODY + "scheduler"
        ),
        ("migrations", OK): _("Match the code."),
        ("migrations", FAILING): _(
            "They are older or newer than the code. Run: %(it)s", it=NOBODY + "db upgrade"
        ),
    }  # fmt: skip
    return words.get((name, finding.status), _unanswered(name))


def _unanswered(name: str) -> str:
    words: dict[Any, str] = {
        "database": _("Doesn't answer. Nobody can use NexApp until it does."),
        "redis": _("Doesn't answer. Pages work without live updates, and jobs wait; nothing is lost."),
        "migrations": _("Can't be compared with the code while the database doesn't answer."),
        "sms": _("Can't be told while the database or Redis doesn't answer."),
    }
    return words.get(name, _("Can't be told while Redis doesn't answer."))


def _texts(facts: dict[str, object]) -> str:
    if not facts.get("of"):
        return str(_("No text was due in the last 15 minutes."))
    sentence: str = _("%(failed)s of %(of)s failed in the last 15 minutes.", failed=facts["failed"], of=facts["of"])
    return sentence


def headline(status: str) -> str:
    words: dict[Any, str] = {
        OK: _("Everything works."),
        DEGRADED: _("Everything works, but something needs a look."),
        FAILING: _("Something doesn't work."),
    }
    return words[status]
