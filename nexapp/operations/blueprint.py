"""The one blueprint of this part; the view modules add their routes to it."""

from flask import Blueprint

pages = Blueprint("operations", __name__)
