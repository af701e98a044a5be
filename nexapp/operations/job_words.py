"""What jobs, their states and their figures are called."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from nexapp.spine.local_jobs import LOCAL_JOBS

STATES = {
    "runs": lazy_gettext("With figures"),
    "waiting": lazy_gettext("Waiting"),
    "running": lazy_gettext("Running"),
    "failed": lazy_gettext("Failed"),
    "cancelled": lazy_gettext("Cancelled"),
    "succeeded": lazy_gettext("Succeeded"),
    "all": lazy_gettext("Everything"),
}


def title(name: str) -> str:
    """A job's own label, else its name in plain letters."""
    known = LOCAL_JOBS.get(name)
    return str(known.label) if known and known.label else name.replace("_", " ").capitalize()


def counted(progress: Mapping[str, object] | None) -> list[str]:
    """The figures of a run, in words; those that are nought are left out."""
    counts = (progress or {}).get("counts")
    found = counts if isinstance(counts, Mapping) else {}
    return [_figure(str(name), int(number)) for name, number in sorted(found.items()) if number]


def _figure(name: str, number: int) -> str:
    words = {
        "told": ngettext("%(num)s notice", "%(num)s notices", number),
        "unwanted": ngettext("%(num)s not wanted", "%(num)s not wanted", number),
        "scored": ngettext("%(num)s score changed", "%(num)s scores changed", number),
        "ranked": ngettext("%(num)s day ranked", "%(num)s days ranked", number),
        "reported": ngettext("%(num)s week reported", "%(num)s weeks reported", number),
        "late": ngettext("%(num)s too late", "%(num)s too late", number),
        "failed": ngettext("%(num)s failed", "%(num)s failed", number),
    }
    return words.get(name) or _("%(name)s: %(num)s", name=name.replace("_", " "), num=number)
