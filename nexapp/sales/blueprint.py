"""The routes of this part."""

from flask import Blueprint

pages = Blueprint("sales", __name__)
