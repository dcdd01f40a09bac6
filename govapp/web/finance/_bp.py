"""The blueprint of this subject, apart from its routes so that each file of them can add its own."""

from flask import Blueprint

bp = Blueprint("finance", __name__)
