"""Two entries in one file: `python app.py` runs the whole product on embedded defaults, and
`flask --app app …` finds `create_app` here. The launcher never loads the web app, so neither
import stands at the top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    from nexapp import create_app as build

    return build()


if __name__ == "__main__":
    import sys

    from nexapp.local.run import main

    sys.exit(main())
