from flask import Blueprint

pages = Blueprint("messaging", __name__)
