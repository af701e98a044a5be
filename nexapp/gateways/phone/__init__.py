"""The local phone: a stand-in for the provider of texts and for every phone it reaches.

A process of its own (`python -m nexapp.gateways.phone`) that speaks Twilio's HTTP, so that demo and tests
run the real client: Messages create, fetch and list, status callbacks, signed inbound webhooks. `/dev/phone`
shows the phones. It owns a ledger in SQLite in its data directory, listens on loopback only, and refuses to
run in production or beside a real account's credentials.

Numbers that fail on purpose, as Twilio's test numbers do, are in `rules.py`.
"""

import re

LOCAL_ACCOUNT_SID = "AC" + "0" * 32
# The number that the local phone's messaging service sends from, Twilio's own test number.
LOCAL_SENDER = "+15005550006"

_LOCAL_FORM = re.compile(r"AC0{24}[0-9a-f]{8}")


def is_local_account(account_sid: str) -> bool:
    """Whether an account can only be the local phone's: `AC`, 24 zeros, 8 hex digits."""
    return _LOCAL_FORM.fullmatch(account_sid) is not None
