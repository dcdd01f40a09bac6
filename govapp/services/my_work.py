"""My work: what waits for a person's decision with what changed since they last looked, their measures, what is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from govapp.data.dues import Due, dues_of
from govapp.data.inbox import InboxRow, waiting_for
from govapp.data.judgement_queries import JudgingRow, judging_for
from govapp.data.my_work import MINE, PROPOSAL, Seen, WorkRow, my_measures, seen_before
from govapp.data.rulebook import rules_for
from govapp.data.sent_back import SentBack
from govapp.domain.differences import Change, differences
from govapp.domain.rights import Actor
from govapp.domain.rules import Rules
from govapp.services.digests import due_name
from govapp.services.sent_back import my_sent_back

DECISIONS, JUDGEMENTS = 50, 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that waits: the step, what the person knew of it, and what has changed since (None: it is new)."""

    row: InboxRow
    seen: Seen
    rules: Rules
    changes: tuple[Change, ...] | None


@dataclass(frozen=True, slots=True)
class MyWork:
    """What one person has before them; `names`: what is due in words of its rules, by kind and number."""

    decisions: tuple[Waiting, ...]
    mine: tuple[WorkRow, ...]
    proposals: tuple[WorkRow, ...]
    judging: tuple[JudgingRow, ...]
    dues: tuple[Due, ...]
    names: Mapping[tuple[str, int], str]
    returned: Mapping[str, SentBack]
    rules: Mapping[int, Rules]


def my_work(session: Session, actor: Actor, at: datetime, page: int = 1) -> MyWork:
    """Everything of the page in a fixed number of statements, whatever the rows."""
    decisions = _decisions(session, actor, at, page)
    measures = my_measures(session, actor)
    dues = dues_of(session, actor, at)
    return MyWork(
        decisions=decisions,
        mine=tuple(row for row in measures if row.list == MINE),
        proposals=tuple(row for row in measures if row.list == PROPOSAL),
        judging=tuple(judging_for(session, actor, limit=JUDGEMENTS)),
        dues=tuple(dues),
        names={(due.what, due.id): due_name(session, due) for due in dues},
        returned=my_sent_back(session, actor),
        rules={row.version_id: rules_for(session, row.version_id, row.version_digest) for row in measures},
    )


def _decisions(session: Session, actor: Actor, at: datetime, page: int) -> tuple[Waiting, ...]:
    rows = waiting_for(session, actor, limit=DECISIONS, offset=(page - 1) * DECISIONS, now=at)
    known = seen_before(session, actor, (row.review_id for row in rows))
    found = []
    for row in rows:
        seen = known[row.review_id]
        changes = None
        if seen.at is not None:
            changes = differences(seen.seen, seen.now) if seen.seen and seen.now else ()
        found.append(Waiting(row, seen, rules_for(session, seen.version_id, seen.version_digest), changes))
    return tuple(found)
