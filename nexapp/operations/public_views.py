"""Pages for everybody: what we agree on, what browsers and robots ask for."""

from __future__ import annotations

from flask import Response, redirect, render_template

from nexapp.operations.blueprint import pages
from nexapp.spine.access import public
from nexapp.spine.web.templating import asset

DAY = 86_400
ROBOTS = "User-agent: *\nAllow: /$\nAllow: /b/\nAllow: /terms\nAllow: /privacy\nAllow: /static/\nDisallow: /\n"


@pages.get("/terms")
@public("the terms of the texts; linked from every consent", unit=False)
def terms() -> str:
    return render_template("legal/terms.html")


@pages.get("/privacy")
@public("what is kept of people; linked from every consent", unit=False)
def privacy() -> str:
    return render_template("legal/privacy.html")


@pages.get("/offline")
@public("kept by browsers for when there is no network", unit=False)
def offline() -> Response:
    return _kept(Response(render_template("errors/offline.html")))


@pages.get("/robots.txt")
@public("read by search engines", unit=False)
def robots() -> Response:
    return _kept(Response(ROBOTS, mimetype="text/plain"))


@pages.get("/favicon.ico")
@public("asked for by browsers", unit=False)
def favicon() -> Response:
    return _kept(redirect(asset("img/favicon.svg")))  # type: ignore[arg-type]


def _kept(response: Response) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = DAY
    return response
