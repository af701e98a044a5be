"""The routes of this part."""

from flask import Blueprint

pages = Blueprint("notifications", __name__)
