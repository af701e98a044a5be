"""Two entries in one file: `python app.py` runs the whole product on embedded defaults, and
`flask --app app …` finds `create_app` here. The launcher never loads the web app, so neither
import stands at the top.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    """For Flask's commands: wrong settings end the command with the list of problems."""
    from nexapp import create_app as build
    from nexapp.settings import ConfigurationError

    try:
        return build()
    except ConfigurationError as error:
        problems = "".join(f"\n  - {problem}" for problem in error.problems)
        sys.exit(f"NexApp can't start with these settings:{problems}")


if __name__ == "__main__":
    from nexapp.local.run import main

    sys.exit(main())
