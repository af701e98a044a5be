"""Failures of a send, classed by what is certain about the text."""


class SmsError(Exception):
    """Base of every failure that a gateway for texts raises."""


class SmsRefused(SmsError):
    """The provider will never take this text: no effect, no use in trying again."""

    def __init__(self, code: int, sentence: str, status: int = 400, *, opts_out: bool = False) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.status = status
        self.opts_out = opts_out


class SmsBusy(SmsError):
    """Certainly not accepted, worth trying again after `retry_after` seconds (None: your own delay)."""

    def __init__(self, retry_after: float | None = None, reason: str = "", code: int | None = None) -> None:
        super().__init__(reason or "The provider is busy.")
        self.retry_after = retry_after
        self.reason = reason
        self.code = code


class SmsAmbiguous(SmsError):
    """The request left and no readable answer came: the person may or may not have the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SmsUnauthorised(SmsError):
    """Our credentials are not accepted or the account is closed: nothing can be sent until mended."""

    def __init__(self, sentence: str, code: int | None = None, status: int = 401) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.status = status
