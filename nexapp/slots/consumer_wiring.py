"""Registers the consumer's side of this part: claim pages, public pages and their jobs."""

from flask import Flask


def register(app: Flask) -> None:
    pass
