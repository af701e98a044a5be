"""Why a hook or a feed is refused."""

from __future__ import annotations

from flask_babel import gettext as _

from nexapp.spine.errors import BadInput, NexError, TooMany


class UnknownAddress(NexError):
    status = 404
    code = "unknown_hook"

    def __init__(self) -> None:
        super().__init__(_("Nobody listens at this address. It may have been changed or removed."))


class NotSigned(NexError):
    status = 401
    code = "bad_signature"

    def __init__(self) -> None:
        super().__init__(_("The signature is missing, wrong or too old."))


class TooLarge(NexError):
    status = 413
    code = "too_large"

    def __init__(self, most: int) -> None:
        super().__init__(_("At most %(most)s bytes are taken.", most=most))


class NotJson(NexError):
    status = 415
    code = "not_json"

    def __init__(self) -> None:
        super().__init__(_("Send application/json."))


class Malformed(BadInput):
    """The body can't be read as what its sender documents."""

    code = "malformed"


class TooManyUnsigned(TooMany):
    code = "too_many_unsigned"


class FeedFailed(Exception):
    """A feed could not be read; `code` says why, in the words of `outcomes.FEED_FAILURES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
