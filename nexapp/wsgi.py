"""The web process' entry. Patches first: psycopg must see gevent's sockets, or it blocks the hub."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from nexapp import create_app  # noqa: E402
from nexapp.settings import ConfigurationError  # noqa: E402

APP_LOAD_ERROR = 4
"""gunicorn's code for an app that can't start: it ends instead of trying again."""

try:
    app = create_app()
except ConfigurationError as error:
    sys.stderr.write("NexApp can't start:\n" + "".join(f"  - {problem}\n" for problem in error.problems))
    sys.exit(APP_LOAD_ERROR)

from nexapp.spine.sockets import watch_sessions  # noqa: E402

watch_sessions(app)
