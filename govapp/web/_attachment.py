"""Hands out a stored file as an attachment under a name of its own (R37)."""

from flask import send_file
from werkzeug.wrappers import Response

from govapp.services.downloads import Download

_FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def as_attachment(found: Download) -> Response:
    """The file, never shown in place and never kept by a cache."""
    answer = send_file(
        found.path,
        mimetype=found.type,
        as_attachment=True,
        download_name=found.name,
        etag=False,
        max_age=None,
    )
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    return answer
