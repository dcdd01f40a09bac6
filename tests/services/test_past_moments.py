"""State at a past sequence is what was current then: photographs against the histories, passages against the log."""

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, or_, select

from govapp.data.audit import AuditHead, AuditLog
from govapp.data.base import HISTORY, Base
from govapp.data.engine import reading
from govapp.data.finance import EffectLine
from govapp.data.measures import Dependency, Measure, Milestone, Risk, StagePassage
from govapp.data.people import Grant
from govapp.domain.asks import AskKind
from govapp.domain.errors import GovappError
from govapp.domain.events import BUSINESS
from govapp.jobs.report_data import gather
from govapp.services._report_rights import Reach
from govapp.services._work import Origin, now
from govapp.services.audit import verify
from govapp.services.choices import ChoiceItem, SetChoices, set_choices
from govapp.services.effects import (
    RemoveEffectLine,
    SetEffectLine,
    SetMonthlyValues,
    remove_effect_line,
    set_effect_line,
    set_monthly_values,
)
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.imports import ImportMeasures, import_measures
from govapp.services.measures import ArchiveProposal, EditMeasure, archive_proposal, edit_measure
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import PersonCommand, disable_person, enable_person
from govapp.services.plans import (
    AddDependency,
    RemoveDependency,
    RemoveMilestone,
    SetMilestone,
    add_dependency,
    remove_dependency,
    remove_milestone,
    set_milestone,
)
from govapp.services.risks import SetRisk, set_risk
from govapp.services.settling import settle_all
from govapp.services.statuses import DeclareStatus, declare_status
from govapp.services.structure import MoveBranch, RenameBranch, move_branch, rename_branch
from tests.cast import SYSTEM, Cast
from tests.factories import (
    loaded,
    make_measure,
    make_proposal,
    measure_row,
    move,
    review_states,
    submit,
    supply,
    version_of,
    vote,
)
from tests.many import MAPPING, numbered

pytestmark = pytest.mark.usefixtures("database")
ACTS = 70
MONEY = ("ebitda", "recurring", "EUR")
Rows = set[str]


def head() -> int:
    """The last sequence of the business chain."""
    with reading() as session:
        return session.scalar(select(AuditHead.sequence).where(AuditHead.chain == BUSINESS)) or 0


def photograph() -> dict[str, Rows]:
    """Every row of every kept table as it is now."""
    with reading() as session:
        return {
            name: {repr(tuple(row)) for row in session.execute(select(Base.metadata.tables[name]))}
            for name in HISTORY
        }


def as_of(seq: int) -> dict[str, Rows]:
    """The same, read from the histories."""
    found = {}
    with reading() as session:
        for name, twin in HISTORY.items():
            columns = [twin.c[column.name] for column in Base.metadata.tables[name].columns]
            then = (twin.c.from_seq <= seq) & or_(twin.c.to_seq.is_(None), twin.c.to_seq > seq)
            rows = [repr(tuple(row)) for row in session.execute(select(*columns).where(then))]
            assert len(rows) == len(set(rows)), f"two states of one {name} at {seq}"
            found[name] = set(rows)
    return found


class People:
    """Somebody who does ordinary things at random; what the rules refuse is refused and leaves nothing."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.chance = cast, random.Random(seed)
        self.keys = [make_measure(cast, stage) for stage in (None, "defined", "identified")]
        self.done: Counter[str] = Counter()

    def act(self) -> None:
        """One ordinary act."""
        acts = [name for name in dir(self) if name.startswith("do_")]
        name = self.chance.choice(acts)
        act: Callable[[str], object] = getattr(self, name)
        try:
            act(self.chance.choice(self.keys))
            self.done[name] += 1
        except GovappError:
            pass

    def row(self, table: Any, key: str) -> Any:
        """Some row of a table on a measure."""
        with reading() as session:
            found = session.scalars(select(table).where(table.measure_id == measure_row(key).id)).all()
            session.expunge_all()
        return self.chance.choice(found) if found else None

    def words(self) -> str:
        return f"Words number {self.chance.randrange(10**6)}, long enough to be said."

    def do_propose(self, key: str) -> None:
        self.keys.append(make_proposal(self.cast))

    def do_edit(self, key: str) -> None:
        changes = {"description": self.words(), "vendor_spend": Decimal(self.chance.randrange(9000))}
        edit_measure(EditMeasure(key, version_of(key), changes, self.cast.lead.origin))

    def do_archive(self, key: str) -> None:
        archive_proposal(ArchiveProposal(key, version_of(key), self.words(), self.cast.lead.origin))

    def do_assign(self, key: str) -> None:
        who = self.chance.choice((self.cast.member, self.cast.finance))
        parts = {self.chance.choice(("process_owner", "reporting_owner", "finance_contact")): who.id}
        assign_parts(AssignParts(key, version_of(key), parts, self.cast.lead.origin))

    def do_milestone(self, key: str) -> None:
        row, day = self.row(Milestone, key), date(2026, 12, 1) + timedelta(days=self.chance.randrange(99))
        if row is None or self.chance.random() < 0.5:
            set_milestone(SetMilestone(key, self.words(), self.cast.lead.origin, self.cast.owner.id, day))
        else:
            set_milestone(
                SetMilestone(
                    key, row.name, self.cast.lead.origin, row.owner_id, day, day, milestone_id=row.id
                )
            )

    def do_drop_milestone(self, key: str) -> None:
        if row := self.row(Milestone, key):
            remove_milestone(RemoveMilestone(key, row.id, self.cast.lead.origin))

    def do_risk(self, key: str) -> None:
        row, origin, people = self.row(Risk, key), self.cast.lead.origin, self.cast
        rating = self.chance.randint(1, 5), self.chance.randint(1, 5)
        number = row.id if row else None
        is_open = self.chance.random() < 0.7
        set_risk(
            SetRisk(key, self.words(), *rating, origin, people.owner.id, self.words(), False, is_open, number)
        )

    def do_depend(self, key: str) -> None:
        add_dependency(
            AddDependency(key, self.chance.choice(self.keys), "implemented", self.cast.lead.origin)
        )

    def do_free(self, key: str) -> None:
        if row := self.row(Dependency, key):
            remove_dependency(RemoveDependency(key, row.id, self.cast.lead.origin))

    def do_declare(self, key: str) -> None:
        colour = self.chance.choice(("green", "yellow", "red"))
        declare_status(DeclareStatus(key, "implementation", colour, self.words(), self.cast.owner.origin))

    def do_line(self, key: str) -> None:
        row, amount = self.row(EffectLine, key), Decimal(self.chance.randrange(10**6)) / 100
        name, number = (row.name, row.id) if row else (self.words(), None)
        set_effect_line(SetEffectLine(key, name, *MONEY, SYSTEM, run_rate=amount, line_id=number))

    def do_months(self, key: str) -> None:
        if row := self.row(EffectLine, key):
            month = date(2026, self.chance.randint(1, 12), 1)
            amount = self.chance.choice((None, Decimal(self.chance.randrange(10**6)) / 100))
            set_monthly_values(SetMonthlyValues(key, row.id, "plan", {month: amount}, SYSTEM))

    def do_drop_line(self, key: str) -> None:
        if row := self.row(EffectLine, key):
            remove_effect_line(RemoveEffectLine(key, row.id, SYSTEM))

    def do_ask(self, key: str) -> None:
        here = loaded(key)
        following = here.rules.next_stage(here.snapshot.stage)
        if following and here.snapshot.state == "active" and here.snapshot.review is None:
            if self.chance.random() < 0.8:
                supply(self.cast, key, following)
            move(self.cast, key, following)

    def do_vote(self, key: str) -> None:
        if loaded(key).snapshot.review:
            who = self.chance.choice((self.cast.sponsor, self.cast.controller, self.cast.service_owner))
            verdict = self.chance.choice(("approve", "approve", "approve", "send_back", "comment"))
            vote(self.cast, key, who, verdict, reason=self.words())

    def do_recycle(self, key: str) -> None:
        move(self.cast, key, "defined", by=self.cast.lead, reason=self.words())

    def do_hold(self, key: str) -> None:
        move(self.cast, key, ask=AskKind.HOLD, by=self.cast.lead, reason=self.words())

    def do_release(self, key: str) -> None:
        move(self.cast, key, ask=AskKind.RELEASE, by=self.cast.lead, reason=self.words())

    def do_cancel(self, key: str) -> None:
        if self.chance.random() < 0.3:
            move(self.cast, key, ask=AskKind.CANCEL, by=self.cast.leader, reason=self.words())

    def do_reopen(self, key: str) -> None:
        move(self.cast, key, ask=AskKind.REOPEN, by=self.cast.lead, reason=self.words())

    def do_rename(self, key: str) -> None:
        rename_branch(RenameBranch(SYSTEM, "service-desk", self.words()))

    def do_rename_organization(self, key: str) -> None:
        rename_branch(RenameBranch(SYSTEM, "OI", self.words()))

    def do_choices(self, key: str) -> None:
        kept = [ChoiceItem(f"service-{n}", self.words()) for n in (1, 2)]
        more = [ChoiceItem("service-3", "Third")] if self.chance.random() < 0.5 else []
        set_choices(SetChoices(SYSTEM, "OI", "services", kept + more))

    def do_move_branch(self, key: str) -> None:
        above = self.chance.choice(("service-quality", "workplace"))
        move_branch(MoveBranch(SYSTEM, "first-contact", above))

    def do_grant(self, key: str) -> None:
        grant_role(GrantRole(SYSTEM, self.cast.stranger.id, "member", "workplace"))

    def do_end_grant(self, key: str) -> None:
        with reading() as session:
            held = select(func.max(Grant.id)).where(Grant.person_id == self.cast.stranger.id)
            number = session.scalar(held)
        if number:
            end_grant(EndGrant(SYSTEM, number))

    def do_disable(self, key: str) -> None:
        change = self.chance.choice((disable_person, enable_person))
        change(PersonCommand(SYSTEM, self.cast.stranger.id))

    def do_import(self, key: str) -> None:
        text = numbered(3).replace(b"Measure", self.chance.choice((b"Measure", b"Another", b"Third")))
        import_measures(ImportMeasures(Origin(None, "import"), "n.csv", text, "service-desk", MAPPING))


def passages_by_log(key: str) -> list[tuple[Any, ...]]:
    """Stage, how, and the sequence and time of coming and leaving, as the log tells it.

    The sequence is the last of the transaction (its rows share their time): from there on the new state is seen.
    """
    stays: list[list[Any]] = []
    end = select(AuditLog.at, func.max(AuditLog.sequence).label("sequence")).where(AuditLog.chain == BUSINESS)
    last = end.group_by(AuditLog.at).subquery()
    with reading() as session:
        rows = session.execute(
            select(last.c.sequence, AuditLog.at, AuditLog.event, AuditLog.payload)
            .join(last, last.c.at == AuditLog.at)
            .where(AuditLog.measure_id == measure_row(key).id)
            .order_by(AuditLog.sequence)
        ).all()
    for sequence, at, event, payload in rows:
        said = json.loads(payload)
        opened = event == "measure:opened-at"
        if opened or "how" in said:
            if stays:
                stays[-1][4:] = [sequence, at]
            stays.append(
                [
                    said["stage" if opened else "to"],
                    "opened_at" if opened else said["how"],
                    sequence,
                    at,
                    None,
                    None,
                ]
            )
    return [tuple(stay) for stay in stays]


def passages(key: str) -> list[tuple[Any, ...]]:
    """The same, as the table has it."""
    stay = StagePassage
    with reading() as session:
        rows = session.execute(
            select(stay.stage, stay.how, stay.entered_seq, stay.entered_at, stay.left_seq, stay.left_at)
            .where(stay.measure_id == measure_row(key).id)
            .order_by(stay.id)
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_past_moment_reads_as_it_was_then(cast: Cast, seed: int) -> None:
    people = People(cast, seed)
    photographs = {head(): photograph()}
    for _ in range(ACTS):
        before = head()
        people.act()
        if head() == before:
            assert photograph() == photographs[before], "a kept row changed without a row in the log"
        photographs[head()] = photograph()
    assert len(photographs) > ACTS / 3
    assert len(people.done) > 15, people.done
    for sequence, taken in photographs.items():
        then = as_of(sequence)
        for name in HISTORY:
            assert then[name] == taken[name], f"{name} at {sequence}"
    with reading() as session:
        keys = list(session.scalars(select(Measure.key)))
    for key in keys:
        assert passages(key) == passages_by_log(key), key
        assert review_states(key).count("open") <= 1
    checked = verify(state=True, files=True)
    assert checked.ok, checked.faults
    assert settle_all(SYSTEM) == 0


def test_a_report_of_a_past_moment_is_the_same_after_names_changed_and_steps_opened_again(cast: Cast) -> None:
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")
    seq, at = head(), now()

    def papers() -> tuple[object, ...]:
        measure = measure_row(key)
        whole = Reach(True)
        return (
            gather("dossier", measure.id, seq, at, whole),
            gather("branch", measure.branch_id, seq, at, whole),
        )

    before = papers()
    vote(cast, key, cast.sponsor)
    reopened = head()
    submit(cast, key, "technical-review")
    assert loaded(key).snapshot.review is not None
    set_choices(
        SetChoices(SYSTEM, "OI", "functions", [ChoiceItem(f"function-{n}", f"Other {n}") for n in (1, 2)])
    )
    rename_branch(RenameBranch(SYSTEM, "OI", "Beaver Insurance"))
    assert papers() == before
    with reading() as session:
        opened = session.scalars(
            select(AuditLog.at).where(AuditLog.chain == BUSINESS, AuditLog.sequence > reopened).limit(1)
        ).one()
    seq = head()
    after = papers()
    assert opened in [wait.since for wait in after[0].waits]
    assert after[0].organization == "Beaver Insurance"
    assert "Other 1" in [fact.value for fact in after[0].facts]
