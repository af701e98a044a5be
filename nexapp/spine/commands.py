"""Groups of commands that several parts add to: `flask --app app keys …`."""

from flask.cli import AppGroup

keys = AppGroup("keys", help="Keys: of the API, and those that sign pushes.")
