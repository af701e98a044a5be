"""/waiting-list/poster: what hangs on the counter, to look at and to print."""

from __future__ import annotations

from flask import Response, request

from nexapp.identity.business_settings import get_business
from nexapp.slots import queries
from nexapp.slots.poster import PAPERS, Poster, paper_for, write_pdf, write_svg
from nexapp.slots.views import pages
from nexapp.spine.access import member
from nexapp.spine.tenancy import Role
from nexapp.spine.web.pages import page


@pages.get("/waiting-list/poster")
@member(Role.VIEWER)
def poster() -> Response:
    business, shown = get_business(), _poster()
    return page("people/poster.html", business=business, paper=shown.paper, public_link=shown.url)


@pages.get("/waiting-list/poster.svg")
@member(Role.VIEWER)
def poster_svg() -> Response:
    return _file(write_svg(_poster()).encode(), "image/svg+xml", "svg")


@pages.get("/waiting-list/poster.pdf")
@member(Role.VIEWER)
def poster_pdf() -> Response:
    return _file(write_pdf(_poster()), "application/pdf", "pdf")


def _poster() -> Poster:
    business, wanted = get_business(), request.args.get("paper", "")
    paper = wanted if wanted in PAPERS else paper_for(business.country)
    return Poster(business.name, queries.public_link(business.slug), paper)


def _file(content: bytes, kind: str, ending: str) -> Response:
    answer = Response(content, mimetype=kind)
    place = "attachment" if request.args.get("download") else "inline"
    answer.headers["Content-Disposition"] = f'{place}; filename="waiting-list-poster.{ending}"'
    return answer
