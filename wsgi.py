"""The application for web servers and for `flask --app wsgi`."""

import sys

from pydantic import ValidationError

from govapp import create_app

try:
    app = create_app()
except ValidationError as error:  # the whole of it would print the secrets that were refused
    sys.exit("govapp does not start: " + "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors()))
except ValueError as error:
    sys.exit(f"govapp does not start: {error}")
