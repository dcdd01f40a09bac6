"""Limits on sign-in attempts per account and address, counted in the database: a growing delay, never a lock (R23)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from govapp.data.engine import hold
from govapp.data.people import LoginSession, Person, SignInFailure
from govapp.domain.errors import TooMany
from govapp.services._work import Work

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within the hour are free; each further one doubles the wait, up to the longest."""

    name: str
    free: int
    first: int
    longest: int

    def wait(self, failures: int) -> int:
        """Seconds to wait after the last failure."""
        if failures < self.free:
            return 0
        return int(min(self.longest, self.first * 2 ** min(failures - self.free, 20)))


# From one address an account rests up to 15 minutes. From all addresses together only 30 seconds: a stranger must
# not be able to keep somebody out, and an address the person signed in from before is not slowed by strangers.
HERE = Limit("account-address", free=5, first=30, longest=900)
ACCOUNT = Limit("account", free=20, first=2, longest=30)
ADDRESS = Limit("address", free=40, first=15, longest=900)


def _subjects(email: str, address: str) -> dict[Limit, str]:
    account = hashlib.sha256(email.encode()).hexdigest()[:32]
    return {HERE: f"both:{account}:{address}", ACCOUNT: f"account:{account}", ADDRESS: f"address:{address}"}


def _reserve_attempt(work: Work, email: str, address: str) -> list[SignInFailure]:
    """Count this attempt as failed before the password is looked at, so that many at once cannot slip through.

    Raises TooMany with the seconds to wait; a success takes the count back (`_forget_failures`).
    """
    session, at = work.session, work.at
    subjects = _subjects(email, address)
    hold(session, *subjects.values())
    since = at - WINDOW
    rows = session.execute(
        select(SignInFailure.subject, func.count(), func.max(SignInFailure.at))
        .where(SignInFailure.subject.in_(subjects.values()), SignInFailure.at > since)
        .group_by(SignInFailure.subject)
    )
    counted: dict[str, tuple[int, datetime]] = {subject: (count, last) for subject, count, last in rows}
    wait = 0
    for limit, subject in subjects.items():
        count, last = counted.get(subject, (0, since))
        if limit is ACCOUNT and _known(work, email, address):
            continue
        left = last + timedelta(seconds=limit.wait(count)) - at
        wait = max(wait, int(left.total_seconds()) + 1 if left > timedelta(0) else 0)
    if wait:
        raise TooMany("sign_in_wait", retry_after=wait)
    session.execute(
        delete(SignInFailure).where(SignInFailure.subject.in_(subjects.values()), SignInFailure.at <= since)
    )
    made = [SignInFailure(subject=subject, at=at) for subject in subjects.values()]
    session.add_all(made)
    session.flush()
    return made


def _known(work: Work, email: str, address: str) -> bool:
    statement = (
        select(LoginSession.id)
        .join(Person, Person.id == LoginSession.person_id)
        .where(Person.email == email, LoginSession.address == address)
        .limit(1)
    )
    return work.session.scalar(statement) is not None


def _forget_failures(work: Work, email: str, address: str, reserved: list[int]) -> None:
    """After a success: forget the account's failures from here, and this attempt's count everywhere."""
    here = _subjects(email, address)[HERE]
    work.session.execute(
        delete(SignInFailure).where((SignInFailure.subject == here) | SignInFailure.id.in_(reserved))
    )
