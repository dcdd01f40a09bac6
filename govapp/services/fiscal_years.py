"""When the fiscal year of an organization begins; sums that are kept by year follow in chunks."""

from dataclasses import dataclass

from sqlalchemy import select

from govapp.data.structure import Branch, Organization
from govapp.domain.errors import Invalid, NotFound
from govapp.domain.events import Event
from govapp.domain.permissions import Permission
from govapp.domain.rights import Place, may
from govapp.services._belongs import _same_version
from govapp.services._keys import writing_once
from govapp.services._work import Origin, Work
from govapp.services.settling import settle_organization

MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class SetFiscalStart:
    """The month (1-12) in which fiscal years of an organization (by key) begin; `seen_version` of its root branch."""

    origin: Origin
    organization: str
    month: int
    seen_version: int | None = None
    action_key: str = ""


def set_fiscal_start(command: SetFiscalStart) -> bool:
    """Set it; True when it is another than before. Needs `system:operate` on the organization.

    What is kept by fiscal year is renewed right after it, CHUNK measures in a transaction; until then pages add up by
    the old years. No amount changes. Raises NotFound, Refused, Stale, KeyReused, Invalid on `fiscal_month`.
    """
    changed = bool(writing_once(command, lambda work: _set_start(work, command))["changed"])
    if changed:
        settle_organization(command.origin, command.organization)
    return changed


def _set_start(work: Work, command: SetFiscalStart) -> dict[str, bool]:
    row = work.session.execute(
        select(Organization, Branch)
        .join(Branch, (Branch.organization_id == Organization.id) & Branch.parent_id.is_(None))
        .where(Organization.key == command.organization)
        .with_for_update(of=(Organization, Branch))
    ).first()
    if row is None:
        raise NotFound("not_found", organization=command.organization)
    organization, root = row
    right = may(work.actor, Permission.SYSTEM_OPERATE, Place(root.path, {}, root.id))
    _same_version(command.seen_version, root.version, "stale")
    if command.month not in MONTHS:
        raise Invalid("not_saved", {"fiscal_month": ["month_unknown"]})
    before = organization.fiscal_month
    if before == command.month:
        return {"changed": False}
    organization.fiscal_month = command.month
    root.version += 1
    work.log(
        Event.BRANCH_EDITED, {"changes": {"fiscal_month": [before, command.month]}, "key": root.key},
        right=right, object_type="branch", object_id=root.key, branch_id=root.id,
    )  # fmt: skip
    return {"changed": True}
