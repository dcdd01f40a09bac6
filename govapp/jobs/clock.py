"""Where time passes: one loop delivers the outbox, looks after reports, settles what has come due, and sweeps."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from govapp.data.notices import FILING
from govapp.jobs.mail import Mailer
from govapp.jobs.queue import Enqueuer
from govapp.services._work import Busy, Origin
from govapp.services.bulk_runs import resume_bulk
from govapp.services.clockwork import sweep_period
from govapp.services.conditions import hold_overdue
from govapp.services.deputies import begin_absences
from govapp.services.digests import send_digests
from govapp.services.due_notices import escalate_lookbacks, tell_due
from govapp.services.filing import file_again
from govapp.services.mails import make_mails
from govapp.services.migration_runs import resume_migrations
from govapp.services.outbox import deliver_due
from govapp.services.refusals import log_counts
from govapp.services.reminders import remind_due
from govapp.services.replay_runs import reap_replays
from govapp.services.report_runs import reap_reports
from govapp.services.settling import settle_due
from govapp.services.sustain import tell_sustain

CLOCK = Origin(None, "job", "clock")
TICK = 1.0
# A slow mail server must not keep the other duties waiting: no new mail is begun after so long.
MAIL_SECONDS = 3.0
_log = logging.getLogger("govapp.clock")


@dataclass(slots=True)
class Duty:
    """Something done again and again, `every` so many seconds; what goes wrong is said and tried at its next turn."""

    name: str
    every: float
    act: Callable[[], object]
    due: float = 0.0

    def turn(self, at: float) -> None:
        """Do it when its time has come."""
        if at < self.due:
            return
        self.due = at + self.every
        try:
            self.act()
        except (Busy, DBAPIError) as error:
            _log.warning("%s: the database is busy or away (%s)", self.name, error.__class__.__name__)
        except Exception:  # noqa: BLE001 - one duty that fails must not stop the others
            _log.exception("%s failed", self.name)


def duties(redis_url: str, smtp_url: str, sender: str, base_url: str = "") -> list[Duty]:
    """What the clock does."""
    enqueuer = Enqueuer(redis_url)
    mailer = Mailer(smtp_url, sender, base_url) if smtp_url else None

    def hand_over() -> int:
        return sum(deliver_due(CLOCK, {kind: enqueuer.put}) for kind in ("job", FILING) if enqueuer.open)

    def send_mail() -> int:
        ready = mailer is not None and mailer.open
        return deliver_due(CLOCK, {"mail": mailer.send}, seconds=MAIL_SECONDS) if mailer and ready else 0

    return [
        Duty("jobs", TICK, hand_over),
        Duty("reports", 5, lambda: reap_reports(CLOCK)),
        Duty("filings", 60, lambda: file_again(CLOCK)),
        Duty("bulk", 15, lambda: resume_bulk(CLOCK)),
        Duty("due measures", 5, lambda: settle_due(CLOCK)),
        Duty("absences", 60, lambda: begin_absences(CLOCK)),
        Duty("reminders", 5, lambda: remind_due(CLOCK)),
        Duty("debts", 30, lambda: (tell_due(CLOCK), escalate_lookbacks(CLOCK), tell_sustain(CLOCK))),
        Duty("overdue conditions", 30, lambda: hold_overdue(CLOCK)),
        Duty("trials", 5, lambda: reap_replays(CLOCK)),
        Duty("migrations", 20, lambda: resume_migrations(CLOCK)),
        Duty("refusals", 30, lambda: log_counts(CLOCK)),
        Duty("sweep", 60, lambda: sweep_period(CLOCK)),
        Duty("notices", TICK, lambda: make_mails(CLOCK)),
        Duty("digests", 30, lambda: send_digests(CLOCK)),
        Duty("mail", TICK, send_mail),
    ]


def run_clock(
    redis_url: str,
    smtp_url: str = "",
    sender: str = "",
    stop: threading.Event | None = None,
    base_url: str = "",
) -> None:
    """Tick until told to stop (SIGTERM, Ctrl-C or `stop`), then end within the turn in hand."""
    ended = stop or threading.Event()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
    todo = duties(redis_url, smtp_url, sender, base_url)
    _log.warning("the clock runs%s", "" if smtp_url else "; mail stays in the outbox, no mail server is set")
    while not ended.is_set():
        began = time.monotonic()
        for duty in todo:
            if not ended.is_set():
                duty.turn(began)
        ended.wait(max(0.05, TICK - (time.monotonic() - began)))
