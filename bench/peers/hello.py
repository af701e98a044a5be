"""The least that a page can cost: Flask's hello."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.get("/health/live")
def live() -> str:
    return "ok"


@app.get("/hello")
def hello() -> str:
    return "hello"
