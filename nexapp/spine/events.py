"""Events across parts that may not import each other. Downward calls are plain function calls.

A handler marked `inline` runs in the emitter's transaction; the others run as jobs after the commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar
from uuid import UUID

from nexapp.spine.jobs import enqueue, job

Handler = TypeVar("Handler", bound=Callable[..., Any])

_inline: dict[str, list[Callable[[Any], Any]]] = defaultdict(list)
_later: dict[str, dict[str, Callable[[Any], Any]]] = defaultdict(dict)
"""By name, for a queued event may be handled by a later release, which has others or another order of them."""
_types: dict[str, type[Any]] = {}


def on(event_type: type[Any], *, inline: bool = False) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        _types[event_type.__name__] = event_type
        if inline:
            _inline[event_type.__name__].append(handler)
        else:
            _later[event_type.__name__][f"{handler.__module__}.{handler.__qualname__}"] = handler
        return handler

    return register


def emit(event: Any) -> None:
    """Tell the other parts; `event` is a dataclass of ids and plain values."""
    if not is_dataclass(event) or isinstance(event, type):
        raise TypeError("an event is a dataclass instance")
    name = type(event).__name__
    for handler in _inline[name]:
        handler(event)
    for handler_name in _later[name]:
        enqueue("handle_event", event=name, handler=handler_name, values=_plain(asdict(event)))


@job("handle_event")
def handle_event(event: str, handler: str, values: dict[str, Any]) -> None:
    _later[event][handler](_types[event](**values))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, UUID) else v for k, v in values.items()}
