"""Registers this part with the app."""

from flask import Flask


def register(app: Flask) -> None:
    pass
