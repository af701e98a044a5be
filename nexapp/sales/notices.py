"""The notices that the sales part raises: names, icons, colours, priorities and tiers of the source document."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from nexapp.notifications.registry import NoticeType, register_subject, register_types

SALES = ("sales",)


def register() -> None:
    register_types(*_TYPES)
    register_subject("prospect", "prospects", "deleted_at")


_TYPES = (
    NoticeType("hot_lead", _("Hot leads"), "🔥", ("red", "orange"), "high", _("🔥 New Hot Lead"),
               _("{name} just became a hot lead."), _("🔥 {count} hot leads"), tier="pro", switch="hot_leads",
               channels=("in_app", "email", "push", "sms"), kinds=SALES),
    NoticeType("daily_top", _("Daily top prospects"), "🔥", ("red", "orange"), "normal", _("{title}"),
               _("{message}"), switch="hot_leads", kinds=SALES),
    NoticeType("followup_due", _("Follow-up reminders"), "🕒", ("blue", "cyan"), "high", _("🕒 Follow-Up Reminder"),
               _("{message}"), _("🕒 {count} follow-ups are due"), channels=("in_app", "email", "push", "sms"),
               kinds=SALES),
    NoticeType("sequence_action", _("Sequence actions"), "📨", ("purple", "pink"), "high",
               _("📨 Sequence Step {step}/{steps}"), _("{name}: {message}"), _("📨 {count} sequence steps are due"),
               tier="elite", channels=("in_app", "email", "push", "sms"), kinds=SALES),
    NoticeType("lead_cooling", _("Cooling leads"), "❄️", ("gray", "slate"), "normal", _("❄️ Lead Cooling Down"),
               _("{name} hasn't been contacted in 7+ days. Time to re-engage!"), _("❄️ {count} leads are cooling down"),
               tier="elite", switch="hot_leads", kinds=SALES),
    NoticeType("streak_reminder", _("Streak reminders"), "⭐", ("yellow", "amber"), "normal",
               _("⭐ Don't Break Your {days}-Day Streak!"),
               _("Complete 1 action today to maintain your momentum. Your longest streak: {longest} days."),
               kinds=SALES),
    NoticeType("mission_alert", _("Missions"), "🎯", ("green", "emerald"), "normal", _("🎯 {title}"), _("{message}"),
               kinds=SALES),
    NoticeType("weekly_report", _("Weekly reports"), "📊", ("indigo", "blue"), "low", _("📊 Your Weekly Summary"),
               _("{message}"), kinds=SALES),
    NoticeType("ai_insight", _("AI insights"), "🧠", ("violet", "purple"), "normal", _("🧠 {title}"), _("{message}"),
               tier="pro", allowance=1, kinds=SALES),
    NoticeType("scan_complete", _("Scans"), "✅", ("green", "teal"), "normal", _("✅ {title}"), _("{message}"),
               kinds=SALES),
    NoticeType("coin_earned", _("Coins"), "🪙", ("yellow", "orange"), "low", _("🪙 You earned {coins} coins"),
               _("{message}"), _("🪙 Coins earned {count} times"), kinds=SALES, channels=("in_app",)),
    NoticeType("achievement", _("Achievements"), "🏆", ("pink", "rose"), "normal", _("🏆 {title}"), _("{message}"),
               kinds=SALES),
)  # fmt: skip
