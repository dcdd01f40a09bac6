"""How commands speak: one line on stderr and exit status 1 when something is wrong."""

import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from govapp.data.engine import reading
from govapp.data.people import Person
from govapp.domain.errors import GovappError, Invalid, NotFound
from govapp.present.errors import sentence_of, sentences_of
from govapp.services._work import Origin

P = ParamSpec("P")
T = TypeVar("T")
BY_COMMAND = Origin(None, "cli")


def fail(sentence: str) -> NoReturn:
    """Say what is wrong in one line and end with status 1."""
    click.echo(f"Error: {' '.join(sentence.split())}", err=True)
    sys.exit(1)


def in_one_line(command: Callable[P, T]) -> Callable[P, T]:
    """Turn refusals, wrong use and trouble with database or files into one line on stderr."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except GovappError as error:
            fail(refusal(error))
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            fail(error.format_message())
        except DBAPIError as error:
            fail(database_trouble(error))
        except OSError as error:
            fail(f"{error.filename or 'file'}: {error.strerror or error}")

    return run


def refusal(error: GovappError) -> str:
    """A refusal with its fields in one line."""
    if isinstance(error, Invalid) and error.errors:
        fields = sentences_of(error)
        fields |= {
            name: ["there is no such one"]
            for name, codes in error.errors.items()
            if "unknown_choice" in codes
        }
        return "; ".join(f"{field.replace('_', ' ')}: {' '.join(said)}" for field, said in fields.items())
    if isinstance(error, NotFound) and error.values:
        kind, name = next(iter(error.values.items()))
        return f"there is no {kind} {name}"
    return sentence_of(error.code, error.values)


def database_trouble(error: DBAPIError) -> str:
    """What is wrong with the database, and what to do."""
    said = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
    if "no such table" in said or "does not exist" in said or "no such column" in said:
        return "the database is not migrated: run flask --app wsgi db upgrade"
    return f"the database: {said}"


def person_id(email: str) -> int:
    """Id of the person with this e-mail."""
    with reading() as session:
        found = session.scalar(select(Person.id).where(Person.email == email.strip().casefold()))
    if found is None:
        fail(f"nobody has the e-mail {email}")
    return found


class EverySecond:
    """Progress on stderr, at most once a second."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Say how far it came."""
        if time.monotonic() - self._said >= 1:
            self._said = time.monotonic()
            click.echo(f"{what}: {done:,} of {max(done, total):,}", err=True)
