"""One tree of errors. Each carries its HTTP status, a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping


class NexError(Exception):
    status = 500
    code = "error"
    sentence = "Something failed on our side. Nothing was changed."

    def __init__(self, sentence: str | None = None, *, code: str | None = None) -> None:
        self.sentence = str(sentence or self.sentence)
        self.code = code or self.code
        super().__init__(self.sentence)


class BadInput(NexError):
    """Input that can't be used; `fields` maps a field's name to its sentence."""

    status = 422
    code = "bad_input"
    sentence = "Some of what you typed can't be used."

    def __init__(self, sentence: str | None = None, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


class NotSignedIn(NexError):
    status = 401
    code = "not_signed_in"
    sentence = "Sign in to go on."


class Forbidden(NexError):
    status = 403
    code = "forbidden"
    sentence = "Your role doesn't allow this."


class NotFound(NexError):
    status = 404
    code = "not_found"
    sentence = "There is nothing at this address."


class Conflict(NexError):
    status = 409
    code = "conflict"
    sentence = "Somebody changed this before you."


class Gone(NexError):
    status = 410
    code = "gone"
    sentence = "This link has ended."


class TooMany(NexError):
    """A limit was reached; `retry_after` is in seconds."""

    status = 429
    code = "too_many"
    sentence = "That was too often. Wait a moment and try again."

    def __init__(self, sentence: str | None = None, *, retry_after: int = 60) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(NexError):
    status = 503
    code = "unavailable"
    sentence = "We're busy right now. Nothing was changed; try again in a few seconds."
    retry_after = 5
