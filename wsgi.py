"""The application for web servers and for `flask --app wsgi`."""

from govapp import create_app

app = create_app()
