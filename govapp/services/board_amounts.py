"""Leaves out the amounts of cards for readers who may not see money there: none, never zero."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from govapp.data.board_cards import CardRow
from govapp.data.board_queries import parts_held
from govapp.domain.permissions import PART_PERMISSIONS, Permission
from govapp.domain.rights import Actor


def with_amounts(
    session: Session, actor: Actor, rows: Sequence[CardRow], paths: Mapping[int, str]
) -> list[CardRow]:
    """These cards, with `values` None where the reader holds `finance:view` neither on the branch nor by a part.

    `paths` are the places of branches that may be read as such, by id.
    """
    branches = {row.branch_id: paths.get(row.branch_id, "") for row in rows}
    seen = {key for key, path in branches.items() if path and actor.grant_for(Permission.FINANCE_VIEW, path)}
    unsure = [row.id for row in rows if row.branch_id not in seen]
    held = parts_held(session, actor.id or 0, unsure)
    by_part = {part for part, acts in PART_PERMISSIONS.items() if Permission.FINANCE_VIEW in acts}
    hidden = {measure for measure in unsure if not held.get(measure, set()) & by_part}
    return [replace(row, values=None) if row.id in hidden else row for row in rows]
