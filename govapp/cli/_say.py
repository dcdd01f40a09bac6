"""How commands speak: one line on stderr and exit status 1 when something is wrong."""

import sys
from typing import NoReturn

import click


def fail(sentence: str) -> NoReturn:
    """Say what is wrong in one line and end with status 1."""
    click.echo(f"Error: {' '.join(sentence.split())}", err=True)
    sys.exit(1)
