"""Pages about reports in words: where a report stands, why it failed and what to do, what it is called."""

from collections.abc import Callable
from datetime import datetime

from govapp.present import dates, errors
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

Sentence = Callable[[], str]

errors.SENTENCES.update(
    {
        "report_invalid": lambda: _("This report cannot be made as asked."),
        "day_to_come": lambda: _("This day is still to come. Choose today or a day before."),
        "day_before_record": lambda: _("The record begins after this day. Choose a later one."),
        "too_many_reports": lambda: _(
            "You have asked for many reports that are not made yet. Wait for some of them."
        ),
        "report_not_ready": lambda: _("This report is not ready yet."),
        "not_on_record": lambda: _("It was not on record yet at that time. Choose a later day."),
        "file_lost": lambda: _(
            "The stored file %(name)s is gone. Tell the operator; a new report can be made."
        ),
        "measure_unknown": lambda: _("There is no measure of this key that you may read."),
    }
)

_PROBLEMS: dict[str, Sentence] = {
    "no_worker": lambda: _(
        "No report worker took it up within a minute: the queue or its worker is away. Nothing is lost; "
        "try again, and if it stays so tell the operator."
    ),
    "worker_died": lambda: _(
        "The worker ended twice while making it. Try again; if it stays so tell the operator."
    ),
    "too_slow": lambda: _("It took longer than a report may take. Ask for a smaller branch."),
    "too_large": lambda: _("It needed more memory than a report may use. Ask for a smaller branch."),
    "disk_full": lambda: _(
        "The disk is full, so it was not stored. The operator has to make room; then try again."
    ),
    "no_right_any_more": lambda: _("The rights to make it had ended when its turn came."),
    "not_on_record": errors.SENTENCES["not_on_record"],
    "not_made": lambda: _("Something went wrong while it was made. The problem was recorded; try again."),
}


def problem_sentence(problem: str) -> str:
    """Why a report failed and what to do. A text that is no known code is the layout's own sentence."""
    known = _PROBLEMS.get(problem)
    return known() if known else problem


def progress_sentence(state: str, phase: str, done: int, total: int, place: int) -> str:
    """How far a report has come: `Queued, place 2`, `Collecting`, `Laying out page 7`, `Ready`."""
    if state == "queued":
        return _("Queued, place %(n)s", n=place)
    if state == "ready":
        return ngettext("Ready, %(num)s page", "Ready, %(num)s pages", done)
    if state == "failed":
        return _("Failed")
    if phase == "laying_out" and total:
        return _("Laying out part %(n)s of %(all)s", n=min(done + 1, total), all=total)
    if phase == "laying_out":
        return _("Laying out page %(n)s", n=done)
    if phase == "joining":
        return _("Joining the parts")
    return _("Collecting")


def state_word(state: str) -> str:
    """A report's state in one word."""
    words = {"queued": _("Queued"), "running": _("Being made"), "ready": _("Ready"), "failed": _("Failed")}
    return words.get(state, state)


def kind_word(kind: str) -> str:
    """What kind of report it is."""
    words = {
        "dossier": _("Measure dossier"),
        "gate": _("Dossier of a decision"),
        "branch": _("Branch report"),
    }
    return words.get(kind, kind)


def as_of_words(at: datetime, zone: str) -> str:
    """The moment a report shows."""
    return dates.exact(at, zone)


def size_words(size: int) -> str:
    """A file's size: `84 kB`."""
    return _("%(n)s kB", n=max(1, round(size / 1000)))


def unknown_sentence(field: str) -> str:
    """There is no such measure or branch, or it is not for the reader."""
    if field == "branch":
        return _("There is no branch of this key that you may read.")
    return errors.sentence_of("measure_unknown")
