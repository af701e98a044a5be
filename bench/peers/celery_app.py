"""The Celery contestant: its tasks. Runs in the peers' environment; of the product it borrows the provider's client."""

from __future__ import annotations

import os
from functools import cache

from celery import Celery  # type: ignore[import-not-found,unused-ignore]

from nexapp.gateways.sms import OutboundSms
from nexapp.gateways.sms.twilio import TwilioConfig, TwilioGateway

app = Celery("bench", broker=os.environ["CELERY_BROKER"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@cache
def gateway() -> TwilioGateway:
    return TwilioGateway(
        TwilioConfig(
            account_sid=os.environ["TWILIO_ACCOUNT_SID"],
            auth_token=os.environ["TWILIO_AUTH_TOKEN"],
            sender=os.environ["TWILIO_FROM"],
            base_url=os.environ["TWILIO_BASE_URL"],
        )
    )


@app.task  # type: ignore[untyped-decorator,unused-ignore]
def send_text(to: str, body: str) -> None:
    gateway().send(OutboundSms(to=to, body=body))


@app.task  # type: ignore[untyped-decorator,unused-ignore]
def no_op() -> None:
    pass
