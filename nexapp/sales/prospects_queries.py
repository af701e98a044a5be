"""Reads of prospects: the list with its filters and orders, the trash, the team that owns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, and_, func, literal, literal_column, null, select, tuple_

from nexapp.identity.fields import one_line
from nexapp.identity.models import Membership, User
from nexapp.sales.models import Prospect, ProspectStage
from nexapp.sales.prospect_words import DUES, RANGES, SORTS, TEMPERATURES
from nexapp.spine.db import db
from nexapp.spine.errors import NotFound
from nexapp.spine.tenancy import current_actor
from nexapp.spine.wall_times import midnight, today_in

PAGE = 50
LONGEST_SEARCH = 80
FEWEST_DIGITS = 3
ME, NOBODY, LEFT = "me", "nobody", "left"
NEVER: Any = literal_column("'-infinity'::timestamptz")
LAST: Any = literal_column("'infinity'::timestamptz")
FILTERS = ("q", "stage", "owner", "temperature", "source", "due", "import", "sort")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shows; everything is text as it stands in an address, and what can't be read is left out."""

    q: str = ""
    stage: str = ""
    owner: str = ""
    temperature: str = ""
    source: str = ""
    due: str = ""
    imported: str = ""
    sort: str = "score"

    def query(self) -> dict[str, str]:
        """As it stands in an address, without what is usual."""
        said = {"q": self.q, "stage": self.stage, "owner": self.owner, "temperature": self.temperature,
                "source": self.source, "due": self.due, "import": self.imported,
                "sort": "" if self.sort == "score" else self.sort}  # fmt: skip
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Listed:
    rows: Sequence[Any]
    next: str | None
    wanted: Wanted = field(default_factory=Wanted)


def read_wanted(given: Mapping[str, str]) -> Wanted:
    def text(name: str, most: int = LONGEST_SEARCH) -> str:
        return str(one_line(given.get(name, "")))[:most]

    owner = text("owner")
    return Wanted(
        q=text("q"),
        stage=_id(text("stage")),
        owner=owner if owner in {ME, NOBODY, LEFT} else _id(owner),
        temperature=text("temperature") if text("temperature") in TEMPERATURES else "",
        source=text("source", 60),
        due=text("due") if text("due") in DUES else "",
        imported=_id(text("import")),
        sort=text("sort") if text("sort") in SORTS else "score",
    )


def list_prospects(wanted: Wanted, zone: str, after: str | None = None, most: int = PAGE) -> Listed:
    """A page in the wanted order. `after` is the cursor of the page before; one that can't be read starts anew."""
    keys, is_falling = _order(wanted.sort)
    place = _place(wanted.sort, after)
    query = prospect_rows().where(Prospect.deleted_at.is_(None), *_conditions(wanted, zone))
    if place is not None:
        here = tuple_(*keys)
        query = query.where(here < tuple_(*place) if is_falling else here > tuple_(*place))
    ordered = query.order_by(*(key.desc() if is_falling else key for key in keys)).limit(most + 1)
    rows = db.session.execute(ordered).all()
    return Listed(rows[:most], _cursor(wanted.sort, rows[most - 1]) if len(rows) > most else None, wanted)


def knows_cursor(wanted: Wanted, cursor: str) -> bool:
    """Whether it is one of this order's."""
    return _place(wanted.sort, cursor) is not None


def list_deleted(most: int = 100) -> Sequence[Any]:
    """The trash, what went there last first."""
    query = prospect_rows().where(Prospect.deleted_at.is_not(None))
    return db.session.execute(query.order_by(Prospect.deleted_at.desc(), Prospect.id).limit(most)).all()


def get_row(prospect_id: UUID) -> Any:
    """One prospect with the names of its stage and owner, in the trash or not. Raises `NotFound`."""
    row = db.session.execute(prospect_rows().where(Prospect.id == prospect_id)).first()
    if row is None:
        raise NotFound
    return row


def list_team() -> Sequence[Any]:
    """Whom prospects can be given to, by name: everybody with access who may change something."""
    return db.session.execute(
        select(User.id, User.name, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == current_actor().tenant, Membership.deactivated_at.is_(None),
            Membership.role != "viewer",
        )
        .order_by(func.lower(User.name), User.id)
    ).all()  # fmt: skip


def prospect_rows() -> Any:
    """Prospects of the organisation with the names around them; `has_left`: the owner has no access any more."""
    works = and_(
        Membership.org_id == Prospect.org_id, Membership.user_id == Prospect.owner_id,
        Membership.deactivated_at.is_(None),
    )  # fmt: skip
    return (
        select(
            *Prospect.__table__.columns,
            ProspectStage.name.label("stage"), ProspectStage.outcome, User.name.label("owner"),
            and_(Prospect.owner_id.is_not(None), Membership.id.is_(None)).label("has_left"),
        )
        .join(ProspectStage, and_(ProspectStage.org_id == Prospect.org_id, ProspectStage.id == Prospect.stage_id))
        .outerjoin(User, User.id == Prospect.owner_id)
        .outerjoin(Membership, works)
        .where(Prospect.org_id == current_actor().tenant)
    )  # fmt: skip


def _conditions(wanted: Wanted, zone: str) -> list[Any]:
    found: list[Any] = []
    if wanted.q:
        found.append(Prospect.id.in_(_searched(wanted.q)))
    if wanted.stage:
        found.append(Prospect.stage_id == UUID(wanted.stage))
    if wanted.temperature:
        found.append(Prospect.score.between(*RANGES[wanted.temperature]))
    if wanted.source:
        found.append(func.lower(Prospect.source) == wanted.source.lower())
    if wanted.imported:
        found.append(Prospect.import_id == UUID(wanted.imported))
    return found + _owned(wanted.owner) + _due(wanted.due, zone)


def _owned(owner: str) -> list[Any]:
    if not owner:
        return []
    if owner == NOBODY:
        return [Prospect.owner_id.is_(None)]
    if owner == LEFT:
        return [Prospect.owner_id.is_not(None), Membership.id.is_(None)]
    return [Prospect.owner_id == (current_actor().user_id if owner == ME else UUID(owner))]


def _due(due: str, zone: str) -> list[Any]:
    if not due:
        return []
    if due == "none":
        return [Prospect.next_follow_up_at.is_(None)]
    today = today_in(zone)
    ends: dict[str, Any] = {
        "overdue": func.now(),
        "today": midnight(today + timedelta(days=1), zone),
        "week": midnight(today + timedelta(days=7), zone),
    }
    return [Prospect.next_follow_up_at < ends[due]]


def _order(sort: str) -> tuple[list[Any], bool]:
    """The keys of an order, as its index has them, and whether they fall."""
    orders: dict[str, tuple[list[Any], bool]] = {
        "score": ([Prospect.score, Prospect.id], True),
        "next": ([func.coalesce(Prospect.next_follow_up_at, LAST), Prospect.id], False),
        "active": ([func.coalesce(Prospect.last_activity_at, NEVER), Prospect.id], True),
        "newest": ([Prospect.id], True),
    }
    return orders[sort]


def _cursor(sort: str, row: Any) -> str:
    values = {
        "score": str(row.score),
        "next": row.next_follow_up_at.isoformat() if row.next_follow_up_at else "infinity",
        "active": row.last_activity_at.isoformat() if row.last_activity_at else "-infinity",
        "newest": "",
    }
    return f"{values[sort]}_{row.id}"


def _place(sort: str, after: str | None) -> list[Any] | None:
    value, _between, written = (after or "").rpartition("_")
    try:
        last = literal(UUID(written), Prospect.id.type)
        if sort == "newest":
            return [last]
        if sort == "score":
            return [literal(min(max(int(value), 0), 100), Prospect.score.type), last]
        if value in {"infinity", "-infinity"}:
            return [LAST if value == "infinity" else NEVER, last]
        # As an instant: Python reads more ways of writing one than the database does.
        at = datetime.fromisoformat(value)
        return [literal(at, DateTime(timezone=True)), last] if at.tzinfo else None
    except ValueError:
        return None


def _searched(search: str) -> Any:
    """Prospects by the index of words and numbers."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    digits = "".join(c for c in search if c.isdecimal() and c.isascii())
    is_number = len(digits) >= FEWEST_DIGITS and not any(c.isalpha() for c in search)
    found = func.nexapp_find_prospects(f"%{escaped}%", f"%{digits}%" if is_number else null())
    rows = found.table_valued("prospect_id")
    return select(rows.c.prospect_id)


def _id(written: str) -> str:
    try:
        return str(UUID(written))
    except ValueError:
        return ""


def any_prospect() -> bool:
    """Whether the organisation has one at all."""
    wanted = select(Prospect.id).where(Prospect.org_id == current_actor().tenant, Prospect.deleted_at.is_(None))
    return db.session.scalar(wanted.limit(1)) is not None
