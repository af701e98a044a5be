"""What the people who run NexApp are told: errors that matter, jobs that gave up, texts that don't arrive."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.notifications.registry import NoticeType, register_types
from nexapp.notifications.service import notify_selected
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule

# Told once when it is first seen, and again each day that it goes on: `first_seen_at` of a reopened error is new.
_ERRORS = """
    SELECT u.id AS user_id, 'error:' || e.id || ':' || (now() AT TIME ZONE 'UTC')::date AS dedupe_key,
        left(e.message, 160) AS message, e.count AS times, '/admin/errors/' || e.id AS action_url, e.id AS subject_id
    FROM system_errors e JOIN users u ON u.is_platform_admin AND u.deactivated_at IS NULL
    WHERE e.resolved_at IS NULL AND e.severity IN ('high', 'critical') AND e.kind {kinds}
        AND e.last_seen_at > now() - interval '10 minutes'
"""
_FAILING = """
    SELECT u.id AS user_id, 'failing:' || f.channel || ':' || to_char(now(), 'YYYY-MM-DD HH24') AS dedupe_key,
        f.channel, f.failed, f.tried, '/admin' AS action_url
    FROM (
        SELECT m.channel, count(*) FILTER (WHERE m.status IN ('failed', 'undelivered')) AS failed, count(*) AS tried
        FROM messages m
        WHERE m.id > nexapp_first_uuid7(now() - interval '15 minutes') AND m.attempts > 0
        GROUP BY m.channel
    ) f JOIN users u ON u.is_platform_admin AND u.deactivated_at IS NULL
    WHERE f.failed >= 5 AND f.failed * 2 > f.tried
"""

_TYPES = (
    NoticeType("system_error", _("Errors"), "🐞", ("red", "orange"), "high", _("🐞 Something failed"), _("{message}"),
               _("🐞 {count} things failed"), minimum="platform_admin", kinds=("platform",)),
    NoticeType("job_failed", _("Failed jobs"), "⚙️", ("gray", "slate"), "high", _("⚙️ A job failed"), _("{message}"),
               _("⚙️ {count} jobs failed"), minimum="platform_admin", kinds=("platform",)),
    NoticeType("deliveries_failing", _("Deliveries that fail"), "📮", ("red", "orange"), "high",
               _("📮 Deliveries are failing"), _("{failed} of the last {tried} by {channel} did not arrive."),
               minimum="platform_admin", kinds=("platform",)),
)  # fmt: skip


@job("tell_admins")
def tell_admins() -> None:
    """Runs as the system. Whatever was told already, nobody is told again."""
    notify_selected("system_error", _ERRORS.format(kinds="<> 'job_error'"))
    notify_selected("job_failed", _ERRORS.format(kinds="= 'job_error'"))
    notify_selected("deliveries_failing", _FAILING)


def register() -> None:
    register_types(*_TYPES)
    schedule("tell_admins", cron="* * * * *", job="tell_admins")
