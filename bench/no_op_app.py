"""The product's app that also knows the job of `no_op`: `flask --app bench.no_op_app worker --queue bench`."""

from __future__ import annotations

from bench import no_op
from nexapp import create_app

__all__ = ["app", "no_op"]
app = create_app()
