"""Which steps the gates ahead of a measure will ask for, who would decide them, and why: before anyone asks."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from govapp.data.measure_records import names_of
from govapp.data.snapshots import Loaded
from govapp.domain.paths import GatePath, gate_path, stages_ahead
from govapp.domain.table import path_for
from govapp.services._holders import holders_of


def paths_ahead(session: Session, loaded: Loaded, at: datetime) -> tuple[GatePath, ...]:
    """The paths of the next gate and of those after it, as the measure stands; none once it is closed or cancelled.

    Who holds a part, a role or a seat in a group is that of the day in the organization's zone.
    """
    rules, snapshot = loaded.rules, loaded.snapshot
    ahead = stages_ahead(rules, snapshot)
    steps = [one.step for into in ahead for one in path_for(rules, into, snapshot)]
    holders = holders_of(session, loaded, steps, at.astimezone(ZoneInfo(loaded.timezone)).date())
    people = {held.person_id: held.name for held in snapshot.parts.values()}
    people |= names_of(session, set().union(*holders.values()) - people.keys())
    return tuple(gate_path(rules, snapshot, into, holders, people) for into in ahead)
