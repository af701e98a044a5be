"""Work of this part that no request waits for."""

from __future__ import annotations

from nexapp.identity import codes, email_links
from nexapp.spine.jobs import job
from nexapp.spine.schedule import schedule


@job("delete_expired_codes")
def delete_expired_codes() -> None:
    codes.delete_expired()
    email_links.delete_expired_links()


schedule("delete-expired-codes", cron="7 * * * *", job="delete_expired_codes")
