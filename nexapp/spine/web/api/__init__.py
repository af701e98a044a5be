"""The JSON API: operations with their schemas, who may call them, limits, repeats, and the document that describes it.

Each part declares its operations in its `api.py`; what is declared is what the OpenAPI document says.
"""

from nexapp.spine.web.api.callers import Caller, current_caller
from nexapp.spine.web.api.operations import operation
from nexapp.spine.web.api.schemas import Input, Output, Page, PageQuery, UnknownCursor, next_cursor

__all__ = [
    "Caller",
    "Input",
    "Output",
    "Page",
    "PageQuery",
    "UnknownCursor",
    "current_caller",
    "next_cursor",
    "operation",
]
