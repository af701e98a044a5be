"""Scores and their weights, one's progress, a scan, a draft and pitch decks."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant, sql

NAMES = [
    "progress", "progress_none", "progress_coins", "progress_coins_none", "score_why", "score_why_none",
    "score_settings", "scan", "scan_more", "draft", "deck", "decks", "decks_none",
]  # fmt: skip
COINS = """
    INSERT INTO coin_entries (id, org_id, user_id, amount, balance, reason, entry_key, on_date)
    SELECT gen_random_uuid(), org_id, user_id, 10, 10 * n, 'mission', 'mission:calls:' || n, current_date
    FROM memberships, generate_series(1, 15) n WHERE org_id = %s
"""


def sales_owner(places: Any, name: str) -> Merchant:
    owner = Merchant(places.stack)
    page = owner.sign_in()
    page = page if page.path == "/onboarding" else owner.get("/onboarding")
    owner.submit(
        page, "/onboarding", business_name=name, owner_name="Olivia Owner", time_zone="America/New_York", kind="sales"
    ).expect(200)
    return owner


def add_prospect(owner: Merchant, **typed: str) -> str:
    """The path of its page."""
    page = owner.submit(owner.get("/prospects/scan").expect(200), "/prospects/scan", text="Ana").expect(200)
    return owner.submit(page, "/prospects/scan/prospects", **typed).expect(200).path


def arrange(places: Any, _merchant: Any) -> None:
    owner = sales_owner(places, "Momentum Sales & Daughters of the Greater Midwest")
    long = {"company": "A Very Long Company Name of Distinguished Widgets LLC", "role": "Owner", "location": "Oslo"}
    ana = add_prospect(owner, name="Wilhelmina Featherstonehaugh-Cholmondeley", email="ana@example.com", **long)
    ben = add_prospect(owner, name="Ben Bare")
    deck = owner.submit(owner.get(f"{ana}/decks"), f"{ana}/decks").expect(200).path
    owner.submit(owner.get(f"{ana}/draft"), f"{ana}/drafts", tone="friendly").expect(200)
    org = sql(places.stack, "SELECT id FROM organizations WHERE name LIKE 'Momentum Sales%%'")[0].id
    sql(places.stack, COINS, org)
    places.add(
        owner, progress="/progress", progress_coins="/progress/coins", score_why=f"{ana}/score",
        score_settings="/settings/scores", scan="/prospects/scan", scan_more=f"{ana}/scan", draft=f"{ana}/draft",
        deck=deck, decks=f"{ana}/decks", decks_none=f"{ben}/decks", score_why_none=f"{ben}/score",
    )  # fmt: skip
    fresh = sales_owner(places, "Fresh Sales")
    places.add(fresh, progress_none="/progress", progress_coins_none="/progress/coins")
