"""Structured logs: static event names, ids as fields, the request's id through web, job and socket."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from nexapp.settings import Settings
from nexapp.spine.masking import mask_values

_OWN_FIELDS = ("event", "timestamp", "level", "request_id", "logger")


def configure_logs(settings: Settings) -> None:
    json_lines = (settings.log_format or ("json" if settings.production else "console")) == "json"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    last = structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("rq.worker").setLevel(logging.ERROR)


def _mask(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in fields.items():
        if name not in _OWN_FIELDS:
            fields[name] = mask_values(value)
    return fields
