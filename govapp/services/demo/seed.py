"""Plays the demonstration year in time order, as far as the live rules reach."""

import gzip
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
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
from govapp.services.demo import acts, figures
from govapp.services.demo.absences import Absences
from govapp.services.demo.evidence import Papers
from govapp.services.demo.play import Play
from govapp.services.demo.portfolio import seed_portfolio
from govapp.services.demo.stage_set import set_stage
from govapp.services.governance import read_set
from govapp.services.settling import settle_due

PROGRAMME = ROOT / "demo" / "programme.yaml.gz"
_LEADING = {
    "intake-acceptance",
    "sponsor-decision",
    "controller-check",
    "business-acceptance",
    "controller-confirmation",
}
_VERDICTS = {"approve": "approve", "approve_with_conditions": "approve", "refuse": "send_back"}
_JUDGEMENTS = {"evidence_accepted": "accept", "evidence_returned": "return"}
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
    kpis = {one["key"]: one for one in data["kpis"]}
    papers = Papers(measures, kinds, stage.people, Origin(None, "import", at=began), kpis)
    play = Play(stage, measures, papers)
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
    writing(Origin(None, "import"), _mark_done)
    return play.left_out


def _mark(work: Work) -> None:
    """The database holds demonstration people from now on; the app refuses it in any other mode."""
    work.session.add(Setting(key=DEMO, value="1"))


def _mark_done(work: Work) -> None:
    """Everything is in; a second `seed demo` has nothing to do. Notices of what is over count as read."""
    still_open = select(Review.id).where(Review.state == "open")
    settled = or_(Notice.review_id.is_(None), Notice.review_id.not_in(still_open), Notice.kind == "moved")
    work.session.execute(update(Notice).where(Notice.read_at.is_(None), settled).values(read_at=work.at))
    work.session.add(Setting(key=DEMO_DONE, value="1"))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _happenings(measures: Mapping[str, Any], zone: ZoneInfo, as_of: date) -> Iterator[Happening]:
    """Everything that happens: the file's history, and the forms that only the live rules ask for just before."""
    end = datetime.combine(as_of, time(12), zone).astimezone(UTC)
    for key, data in measures.items():
        seen: set[str] = set()
        for place, said in enumerate(data["history"]):
            at = _moment(said["at"], zone)
            if said["event"] == "review_opened" and said["to"] not in seen:
                seen.add(said["to"])
                yield at - timedelta(minutes=3), 0, key, f"before_{said['to']}", said
            yield at, place + 1, key, said["event"], said
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
    by = said.get("by", "system")
    data = play.measures[key]
    if event == "measure_created":
        acts.propose(play, key, by, at)
    elif event == "before_identified":
        figures.rough(play, key, data["owner"], at)
    elif event == "before_detailed":
        play.papers.plan_numbers(key, play.stage.origin(data["owner"], at))
    elif event == "before_closed":
        play.papers.sustain_dates(key, play.stage.origin(data["finance_contact"], at))
    elif event == "parts_assigned":
        acts.name_parts(play, key, by, at, said["parts"])
    elif event == "milestones_planned":
        figures.plan(play, key, by, at)
    elif event == "milestone_reached":
        figures.reach(play, key, said["place"], said["on"], at)
    elif event == "evidence_submitted":
        acts.hand_in(play, key, said.get("for", by), at, said["evidence"])
    elif event in {"review_opened", "move_refused"}:
        acts.ask_move(play, key, by, at, said["to"])
    elif event == "vote":
        if said["step"] in _LEADING and "for" not in said:
            acts.vote(play, key, by, at, _VERDICTS[said["decision"]], said.get("comment", ""))
    elif event == "review_refused":
        acts.vote(play, key, data["sponsor"], at, "send_back", said["reason"])
    elif event == "moved":
        if said.get("decision") != "recycle":
            acts.complete(play, key, said["to"], at)
    else:
        _happen_beside(play, at, key, event, said)


def _happen_beside(play: Play, at: datetime, key: str, event: str, said: Mapping[str, Any]) -> None:
    by = said.get("by", "system")
    kinds = {"put_on_hold": AskKind.HOLD, "recycled": AskKind.RECYCLE, "cancelled": AskKind.CANCEL}
    if event in _JUDGEMENTS:
        acts.judge(play, key, at, said, _JUDGEMENTS[event])
    elif event in kinds:
        acts.change_state(play, key, by, at, kinds[event], said)
    elif event == "approval_stale":
        figures.raise_cost(play, key, at)
    elif event == "statuses_due":
        figures.declare_from_figures(play, key, at)
    elif event == "status_declared":
        acts.declare(play, key, by, at, said)
    elif event == "dependency_found":
        figures.depend(play, key, said["on"], at)
    elif event == "year_ends":
        figures.keep_true(play, key, at)
