"""The one gateway of this process, and who a text comes from."""

from __future__ import annotations

from flask import current_app

from nexapp.gateways.sms.twilio import TwilioConfig, TwilioGateway
from nexapp.messaging.lanes import CODES
from nexapp.spine.config import settings

STATUS_PATH = "/webhooks/twilio/status"


def sms_gateway() -> TwilioGateway:
    """Holds kept-alive connections, so there is one, made when it is first needed."""
    gateway: TwilioGateway | None = current_app.extensions.get("sms_gateway")
    if gateway is None:
        gateway = current_app.extensions["sms_gateway"] = TwilioGateway(_config())
    return gateway


def _config() -> TwilioConfig:
    chosen = settings()
    return TwilioConfig(
        account_sid=chosen.twilio_account_sid,
        auth_token=chosen.twilio_auth_token,
        sender=chosen.twilio_from,
        messaging_service_sid=chosen.twilio_messaging_service_sid,
        base_url=chosen.twilio_base_url,
        in_flight=chosen.sms_in_flight,
    )


def sender_of(lane: int) -> str:
    """Codes may have a sender of their own, so that a STOP to the other doesn't lock people out."""
    chosen = settings()
    usual = chosen.twilio_messaging_service_sid or chosen.twilio_from
    return (chosen.twilio_codes_from or usual) if lane == CODES else usual


def callback_prefix() -> str:
    """Where the provider reports, up to the message's id. Empty where it could not reach us."""
    chosen = settings()
    if not (chosen.public_url or chosen.twilio_base_url):
        return ""
    return f"{chosen.base_url}{STATUS_PATH}?m="
