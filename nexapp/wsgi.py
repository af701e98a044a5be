"""The web process' entry. Patches first: psycopg must see gevent's sockets, or it blocks the hub."""

from gevent import monkey

monkey.patch_all()

from nexapp import create_app  # noqa: E402
from nexapp.spine.sockets import watch_sessions  # noqa: E402

app = create_app()
watch_sessions(app)
