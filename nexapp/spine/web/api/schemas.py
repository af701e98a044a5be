"""What goes in and comes out: pydantic models, which are both the check and the document."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from nexapp.spine.errors import BadInput

Item = TypeVar("Item")
MOST = 100


class Input(BaseModel):
    """What callers send. A field that isn't named here is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Output(BaseModel):
    """What callers get, read from rows too."""

    model_config = ConfigDict(from_attributes=True)


class UnknownCursor(BadInput):
    """A cursor that we never gave, or gave for another order."""

    def __init__(self) -> None:
        super().__init__(fields={"cursor": "Send the `next` of a page as it is."})


class PageQuery(Input):
    """Which page of a list: `cursor` is the `next` of the page before."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="Items a page.")] = 20
    cursor: Annotated[str | None, Field(max_length=200, description="`next` of the page before.")] = None

    def after(self) -> UUID | None:
        """The id that the page begins after; raises `UnknownCursor`."""
        if self.cursor is None:
            return None
        try:
            return UUID(bytes=base64.urlsafe_b64decode(self.cursor + "=="))
        except (ValueError, binascii.Error):
            raise UnknownCursor from None


class Page(Output, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last one.")] = None


def next_cursor(ids: Sequence[UUID], limit: int) -> str | None:
    """The cursor behind `limit` items, where the query gave one more."""
    return base64.urlsafe_b64encode(ids[limit - 1].bytes).decode().rstrip("=") if len(ids) > limit else None
