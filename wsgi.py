"""The application for web servers and for `flask --app wsgi`."""

import sys

from pydantic import ValidationError

from govapp import create_app

try:
    app = create_app()
except ValidationError as error:  # its full text would print the refused secrets
    said = (each["msg"].removeprefix("Value error, ") for each in error.errors())
    sys.exit("govapp does not start: " + "; ".join(said))
except ValueError as error:
    sys.exit(f"govapp does not start: {error}")
