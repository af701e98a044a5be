"""The demo's sales team: people in three zones, their prospects and 90 days of work for every page to show."""
