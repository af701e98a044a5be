"""Whether this process was asked to stop. Set by a signal handler, asked between rows."""

from threading import Event

_stop = Event()


def request_stop() -> None:
    _stop.set()


def stop_requested() -> bool:
    return _stop.is_set()
