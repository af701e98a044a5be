"""Where this part's routes are registered."""

from flask import Blueprint

pages = Blueprint("identity", __name__)
