"""Plays the demonstration year in time order, as far as the live rules reach."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import or_, select, update

from govapp.config import ROOT
from govapp.data.notices import Notice
from govapp.data.reviews import Review
from govapp.data.settings import DEMO, DEMO_DONE
from govapp.data.structure import Setting
from govapp.domain.asks import AskKind
from govapp.domain.errors import GovappError
from govapp.domain.rules import parse_rules
from govapp.services._work import Origin, Work, writing
from govapp.services.demo import acts, decisions, figures, kpis, money
from govapp.services.demo.absences import Absences
from govapp.services.demo.evidence import Papers
from govapp.services.demo.play import Play, measure_row
from govapp.services.demo.portfolio import seed_portfolio
from govapp.services.demo.stage_set import set_stage
from govapp.services.due_notices import escalate_lookbacks, tell_due
from govapp.services.governance import read_set
from govapp.services.reminders import remind_due
from govapp.services.settling import settle_due
from govapp.services.sustain import tell_sustain

PROGRAMME = ROOT / "demo" / "programme.yaml.gz"
_STILL_NEWS = timedelta(days=14)
_ROUND = time(8, 30)  # a moment of each working day when the clock looks what has come due
Happening = tuple[datetime, int, str, str, Mapping[str, Any]]
Progress = Callable[[str, int, int], None]


def read_programme(path: Path = PROGRAMME) -> dict[str, Any]:
    """The demonstration file as plain values."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: dict[str, Any] = yaml.load(gzip.decompress(path.read_bytes()), Loader=loader)  # nosec B506  # both loaders are safe
    return data


def seed_programme(progress: Progress | None = None) -> list[str]:
    """Fill an empty database; returns what the live rules left out, one line each. `progress(what, done, all)`."""
    data = read_programme()
    zone = ZoneInfo(data["programme"]["timezone"])
    measures = {one["key"]: one for one in data["measures"]}
    began = datetime(2025, 12, 1, 8, tzinfo=zone).astimezone(UTC)
    writing(Origin(None, "import", at=began), _mark)
    stage = set_stage(data, began)
    kinds = parse_rules(read_set()).kinds
    papers = Papers(measures, kinds, stage.people, Origin(None, "import", at=began))
    play = Play(stage, measures, papers, data)
    play.kpis = kpis.define(data, Origin(None, "import", at=began))
    happenings = sorted(
        _happenings(measures, zone, data["programme"]["as_of"]), key=lambda h: (h[0], h[1], h[2])
    )
    absences = Absences(data, stage)
    for done, (at, _, key, event, said) in enumerate(happenings, 1):
        absences.until(at)
        papers.system = Origin(None, "import", at=at)
        try:
            _happen(play, at, key, event, said)
        except GovappError as error:
            play.leave(key, event, error)
        if progress:
            progress("demonstration year", done, len(happenings))
    seed_portfolio(stage.people, progress)
    while settle_due(Origin(None, "import")):
        pass  # the year ends in the past: what has expired since shows at once, not at the clock's first round
    until = datetime.combine(data["programme"]["as_of"], time(12), zone).astimezone(UTC)
    writing(Origin(None, "import"), partial(_mark_done, until=until))
    return play.left_out


def _mark(work: Work) -> None:
    """The database holds demonstration people from now on; the app refuses it in any other mode."""
    work.session.add(Setting(key=DEMO, value="1"))


def _mark_done(work: Work, until: datetime) -> None:
    """Everything is in; a second `seed demo` has nothing to do. Notices of what is over count as read."""
    ended = select(Review.id).where(Review.state != "open")
    older = Notice.review_id.is_(None) & (Notice.at < until - _STILL_NEWS)
    settled = or_(older, Notice.review_id.in_(ended))
    work.session.execute(update(Notice).where(Notice.read_at.is_(None), settled).values(read_at=work.at))
    work.session.add(Setting(key=DEMO_DONE, value="1"))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _happenings(measures: Mapping[str, Any], zone: ZoneInfo, as_of: date) -> Iterator[Happening]:
    """Everything that happens: the file's history, and the forms that only the live rules ask for just before."""
    end = datetime.combine(as_of, time(12), zone).astimezone(UTC)
    yield from ((at, 0, "", event, {"month": month}) for at, event, month in money.months(as_of, zone))
    yield end - timedelta(days=5), 0, "", "figures_brought", {}
    first = min(_moment(data["history"][0]["at"], zone) for data in measures.values()).date()
    for number in range((as_of - first).days):
        day = first + timedelta(days=number)
        if day.weekday() < 5:
            yield datetime.combine(day, _ROUND, zone).astimezone(UTC), 0, "", "clock_round", {}
    for key, data in measures.items():
        for place, said in enumerate(data["history"]):
            at = _moment(said["at"], zone)
            if (said["event"], said.get("to")) == ("review_opened", "closed"):
                yield at - timedelta(minutes=3), 0, key, "before_closed", said
            yield at, place + 1, key, said["event"], said
        for at, month, lines in money.bookings(data, zone):
            yield at, 0, key, "amounts_booked", {"month": month, "lines": lines}
        for place, one in enumerate(data["milestones"]):
            if one.get("actual"):
                reached = datetime.combine(one["actual"], time(8, 30), zone).astimezone(UTC)
                yield reached, 0, key, "milestone_reached", {"place": place, "on": one["actual"]}
        for one in data["dependencies"]:
            known = datetime.combine(one["since"], time(9), zone).astimezone(UTC)
            owned = [
                _moment(said["at"], zone) for said in data["history"] if said["event"] == "parts_assigned"
            ]
            written = _moment(measures[one["predecessor"]]["history"][0]["at"], zone)
            yield max(known, written, *owned[:1]), 998, key, "dependency_found", {"on": one["predecessor"]}
        yield end - timedelta(days=4), 0, key, "statuses_due", {}
        yield end, 999, key, "year_ends", {}


def _happen(play: Play, at: datetime, key: str, event: str, said: Mapping[str, Any]) -> None:
    if event in _PLAYED:
        _PLAYED[event](play, key, at, said)
        return
    if event == "measure_created":
        acts.propose(play, key, at, said)
        figures.rough(play, key, play.lead(key), at)
    elif event == "put_on_hold":
        if said["by"] == "system":
            decisions.hold_what_is_overdue(play, key, at)
        else:
            decisions.do(play, key, at, said, AskKind.HOLD)
    elif event == "moved" and measure_row(key)[2] != said["to"]:
        play.left_out.append(f"{key} has not moved to {said['to']} on {said['at']}")


def _plan(play: Play, key: str, at: datetime, said: Mapping[str, Any]) -> None:
    """Milestones, risks, effects by month, and the operating figure that will show the change."""
    figures.plan(play, key, said["by"], at)
    kpis.promise(play, key, at)


def _clock_round(play: Play, at: datetime) -> None:
    """What the clock does of a morning: evidence that has ended, reminders, escalations, what falls due soon."""
    origin = play.stage.origin("system", at)
    while settle_due(origin):
        pass
    remind_due(origin)
    tell_due(origin)
    tell_sustain(origin)
    escalate_lookbacks(origin)


_PLAYED: dict[str, Callable[[Play, str, datetime, Mapping[str, Any]], None]] = {
    "parts_assigned": lambda p, k, at, said: acts.name_parts(p, k, said["by"], at, said["parts"]),
    "milestones_planned": _plan,
    "milestone_reached": lambda p, k, at, said: figures.reach(p, k, said["place"], said["on"], at),
    "dependency_found": lambda p, k, at, said: figures.depend(p, k, said["on"], at),
    "approval_stale": lambda p, k, at, said: figures.raise_cost(p, k, at),
    "statuses_due": lambda p, k, at, said: figures.declare_from_figures(p, k, at),
    "year_ends": lambda p, k, at, said: figures.keep_true(p, k, at),
    "evidence_submitted": acts.hand_in,
    "evidence_accepted": lambda p, k, at, said: acts.judge(p, k, at, said, "accept"),
    "evidence_returned": lambda p, k, at, said: acts.judge(p, k, at, said, "return"),
    "status_declared": acts.declare,
    "review_opened": decisions.open_a_review,
    "move_refused": decisions.be_refused,
    "vote": decisions.vote,
    "condition_fulfilled": lambda p, k, at, said: decisions.act_on(p, k, at, said, "fulfil"),
    "condition_confirmed": lambda p, k, at, said: decisions.act_on(p, k, at, said, "confirm"),
    "recycled": lambda p, k, at, said: decisions.do(p, k, at, said, AskKind.RECYCLE),
    "cancelled": lambda p, k, at, said: decisions.do(p, k, at, said, AskKind.CANCEL),
    "amounts_booked": lambda p, k, at, said: money.book(p, k, said["month"], said["lines"], at),
    "amounts_confirmed": money.confirm,
    "leakage_booked": money.leak,
    "rates_known": lambda p, k, at, said: money.set_month_rates(p, said["month"], at),
    "figures_read": lambda p, k, at, said: kpis.read(p, said["month"], at),
    "figures_brought": lambda p, k, at, said: kpis.read_the_rest(p, at),
    "period_closed": lambda p, k, at, said: money.close(p, said["month"], at),
    "before_closed": lambda p, k, at, said: kpis.prove(p, k, at),
    "clock_round": lambda p, k, at, said: _clock_round(p, at),
    "emergency_advance": lambda p, k, at, said: decisions.do(p, k, at, said, AskKind.EMERGENCY),
}
