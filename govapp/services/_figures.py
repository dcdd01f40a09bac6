"""Steps that verbs on operating figures share: the locked figure with its measures, rights, signatures that fall."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from govapp.data.kpis import Kpi, MeasureKpi
from govapp.data.snapshots import Loaded, load_measures
from govapp.data.structure import Branch
from govapp.domain.errors import NotFound, Refused
from govapp.domain.events import Event
from govapp.domain.kpis import value_of
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, right_of
from govapp.services._belongs import _where, plain
from govapp.services._settle import settle
from govapp.services._work import Work

P = Permission


@dataclass(slots=True)
class Figure:
    """A figure with its row locked, the measures it judges, and the right used; `root` is its
    organization's path."""

    row: Kpi
    measures: list[Loaded]
    promises: Sequence[MeasureKpi] = field(default=())
    right: str = ""
    root: str = ""


def figure_right(actor: Actor, root: Branch, measures: Iterable[Place]) -> str:
    """The right by which somebody keeps a figure: on every measure it judges, or a role that edits any measure.

    Who attaches a figure to a measure of their own gains nothing over the measures it judged before. Raises NotFound
    for people from elsewhere, else Refused.
    """
    rights = [right_of(actor, P.KPI_EDIT, place) for place in measures]
    if rights and rights[0] is not None and None not in rights:
        return rights[0]
    for grant in actor.grants:
        if {P.KPI_EDIT, P.MEASURE_EDIT_ANY} <= grant.permissions and grant.path.startswith(root.path):
            return f"role:{grant.role}@{grant.branch_id}"
    if actor.is_system:
        return "system"
    if not any(grant.path.startswith(root.path) for grant in actor.grants):
        raise NotFound("not_found")
    raise Refused("no_right", permission=str(P.KPI_EDIT))


def _locked_figure(work: Work, kpi_id: int) -> Figure:
    """Measures in order of id, then the figure's row (docs/decisions.md, order of locks)."""
    used = select(MeasureKpi.measure_id).where(MeasureKpi.kpi_id == kpi_id)
    measures = load_measures(work.session, work.session.scalars(used).all(), lock=True)
    row = work.session.scalar(select(Kpi).where(Kpi.id == kpi_id).with_for_update())
    if row is None:
        raise NotFound("not_found")
    root = work.session.scalars(
        select(Branch).where(Branch.organization_id == row.organization_id, Branch.parent_id.is_(None))
    ).one()
    right = figure_right(work.actor, root, (each.place for each in measures))
    promises = work.session.scalars(select(MeasureKpi).where(MeasureKpi.kpi_id == kpi_id)).all()
    return Figure(row, measures, promises, right, root.path)


def _settle_all(work: Work, measures: Sequence[Loaded]) -> None:
    work.session.flush()
    settle(work, load_measures(work.session, [each.measure.id for each in measures]))


def _forget_signatures(work: Work, figure: Figure) -> None:
    """An explanation speaks of the readings it was signed with: of measures not closed yet its signature falls."""
    open_ones = {each.measure.id: each for each in figure.measures if not _is_closed(each)}
    for promise in figure.promises:
        if promise.measure_id in open_ones:
            _unsign(work, open_ones[promise.measure_id], promise, figure.row.name, figure.right)


def _is_closed(loaded: Loaded) -> bool:
    return loaded.snapshot.stage is not None and loaded.rules.stage(loaded.snapshot.stage).terminal


def _unsign(work: Work, loaded: Loaded, promise: MeasureKpi, name: str, right: str) -> None:
    if promise.signed_at is None:
        return
    said = {"kpi": promise.kpi_id, "name": name, "changes": {"signed": [promise.signed_name, ""]}}
    promise.signed_by = promise.signed_for = promise.signed_at = None
    promise.signed_name = ""
    promise.version += 1
    work.log(
        Event.MEASURE_KPI_SET,
        said,
        right=right,
        object_type="kpi",
        object_id=str(promise.kpi_id),
        **_where(loaded),
    )


def shown(units: int | None) -> str:
    """A kept value as the log shows it; '' where there is none."""
    return "" if units is None else plain(value_of(units).normalize() + 0)


def _promise(work: Work, loaded: Loaded, promise_id: int) -> MeasureKpi:
    row = work.session.get(MeasureKpi, promise_id)
    if row is None or row.measure_id != loaded.measure.id:
        raise NotFound("not_found")
    return row
