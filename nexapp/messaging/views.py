"""The provider's webhooks: signature checked, stored, answered. Jobs act on them (`receipts`, `inbound`)."""

from __future__ import annotations

from flask import Response, request

from nexapp.messaging import inbound, receipts
from nexapp.messaging.blueprint import pages
from nexapp.messaging.gateway import STATUS_PATH, sms_gateway
from nexapp.spine.access import public
from nexapp.spine.config import settings
from nexapp.spine.errors import BadInput, Forbidden
from nexapp.spine.webhooks import receive


@pages.post(STATUS_PATH)
@public("signed by the provider", csrf=False)
def status() -> Response:
    sent = _signed_form()
    sid, state = sent.get("MessageSid") or sent.get("SmsSid"), sent.get("MessageStatus")
    if not (sid and state):
        raise BadInput("A status report names a message and its state.")
    receive(receipts.SOURCE, f"{sid}:{state}", sent | {"m": request.args.get("m", "")})
    return Response(status=204)


@pages.post("/webhooks/twilio/inbound")
@public("signed by the provider", csrf=False)
def inbound_text() -> Response:
    sent = _signed_form()
    sid = sent.get("MessageSid") or sent.get("SmsSid")
    if not sid:
        raise BadInput("A text has an id.")
    receive(inbound.SOURCE, sid, sent)
    # Answers go out as messages of their own, in their lane; an empty TwiML says nothing.
    return Response("<Response></Response>", content_type="text/xml")


def _signed_form() -> dict[str, str]:
    """The form, if the provider signed it for this very address; raises `Forbidden`."""
    sent = request.form
    query = request.query_string.decode("latin-1")
    url = f"{settings().base_url}{request.path}{'?' + query if query else ''}"
    genuine = sms_gateway().verify_signature(
        url,
        sent,
        request.headers.get("X-Twilio-Signature"),
        request.headers.get("X-Twilio-Webhooks-Signature-Settings"),
    )
    if not genuine:
        raise Forbidden("The signature doesn't match.")
    return sent.to_dict()
