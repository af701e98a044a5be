"""A real scheduler or worker whose clock stands elsewhere: `python -m tests.sales.rhythm_process scheduler INSTANT`."""

from __future__ import annotations

import sys
from datetime import datetime

import time_machine

from nexapp.factory import build
from nexapp.settings import load_settings
from nexapp.spine.jobs.worker import run_worker
from nexapp.spine.schedule import run_scheduler

with time_machine.travel(datetime.fromisoformat(sys.argv[2]), tick=True):
    app = build(load_settings())
    with app.app_context():
        if sys.argv[1] == "scheduler":
            run_scheduler(app)
        else:
            run_worker(app, ["slow", "default"])
