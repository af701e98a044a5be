"""FCM v1: pushes to our apps, by the token that an app registered."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nexapp.gateways.push import Address, OutboundPush, PushBusy, PushGone, PushRefused
from nexapp.gateways.push.answers import error_of, no_answer

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

BASE_URL = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
SECONDS = (5.0, 10.0)
PRIORITIES = {"high": "HIGH"}
WRONG_CREDENTIALS_SECONDS = 60.0


def read_credentials(setting: str) -> dict[str, Any]:
    """The service account: the JSON itself, or the name of its file. Raises `ValueError`."""
    try:
        told = json.loads(setting if setting.lstrip().startswith("{") else Path(setting).read_text())
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from None
    wanted = ("project_id", "client_email", "private_key", "token_uri")
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in wanted):
        raise ValueError(f"is no service account: it has {', '.join(wanted)}")
    return told


class FcmGateway:
    """Thread-safe: each thread has its session, for those of `requests` are not; the token is shared."""

    def __init__(self, account: dict[str, Any], base_url: str = "") -> None:
        self._account = account
        self._url = f"{base_url or BASE_URL}/v1/projects/{account['project_id']}/messages:send"
        self._credentials: Any = None
        self._lock = threading.Lock()
        self._own = threading.local()

    def send(self, address: Address, push: OutboundPush) -> str:
        # The libraries load with the first push to an app, and not in the processes that send none.
        import requests
        from google.auth.exceptions import GoogleAuthError

        try:
            answer = self._session().post(self._url, json=_message(address, push), timeout=SECONDS)
        except GoogleAuthError as error:
            raise PushBusy(f"No access to FCM: {error}"[:300], rests=WRONG_CREDENTIALS_SECONDS) from None
        except requests.RequestException as error:
            raise no_answer(type(error).__name__) from None
        if answer.status_code == 200:
            return str(answer.json().get("name", ""))
        raise _error(answer)

    def _session(self) -> AuthorizedSession:
        from google.auth.transport.requests import AuthorizedSession
        from google.oauth2.service_account import Credentials

        with self._lock:
            if self._credentials is None:
                self._credentials = Credentials.from_service_account_info(self._account, scopes=[SCOPE])  # type: ignore[no-untyped-call]
            if not hasattr(self._own, "session"):
                self._own.session = AuthorizedSession(self._credentials)  # type: ignore[no-untyped-call]
            if not self._credentials.valid:
                # By one thread: all of them would ask for a token of their own.
                self._credentials.refresh(_requester())
        session: AuthorizedSession = self._own.session
        return session


def _requester() -> Any:
    from google.auth.transport.requests import Request

    return Request()


def _message(address: Address, push: OutboundPush) -> dict[str, object]:
    content = {name: value for name, value in push.content.items() if value}
    return {
        "message": {
            "token": address.endpoint,
            "notification": {"title": content.get("title", ""), "body": content.get("body", "")},
            "data": content,
            "android": {
                "priority": PRIORITIES.get(push.urgency, "NORMAL"),
                "ttl": f"{push.ttl_seconds}s",
                "collapse_key": push.topic,
                "notification": {"tag": push.topic},
            },
            "apns": {"headers": {"apns-collapse-id": push.topic}},
        }
    }


def _error(answer: Any) -> Exception:
    """FCM tells in `details` whether a token is dead; the status alone doesn't always."""
    try:
        told = answer.json()["error"]
        codes = {detail.get("errorCode") for detail in told.get("details", ())}
    except (ValueError, KeyError, TypeError, AttributeError):
        told, codes = {}, set()
    if "UNREGISTERED" in codes:
        return PushGone("The app was removed from the device.", answer.status_code)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status_code == 404:
        # Without that code it is the project that nobody knows, and the device is none the worse for it.
        return PushRefused(f"FCM does not know where to: {told.get('message', '')}"[:300], 404)
    if answer.status_code in (401, 403):
        return PushBusy("FCM refuses our credentials.", answer.status_code, rests=WRONG_CREDENTIALS_SECONDS)
    return error_of(answer.status_code, headers, str(told.get("message", "")))
