"""Measures as such: propose, edit, archive a proposal, and the record of a list's export."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from govapp.data.measure_queries import choice_keys, highest_number, workflow_id_at
from govapp.data.measures import Measure
from govapp.data.rulebook import active_version
from govapp.data.snapshots import Loaded
from govapp.data.structure import Branch, Organization, Setting
from govapp.domain.errors import Invalid, NotFound, Refused, Stale
from govapp.domain.events import Event
from govapp.domain.measures import clean_fields
from govapp.domain.permissions import Permission
from govapp.domain.rights import Actor, Place, may, right_of
from govapp.services._belongs import _refuse_cancelled, _settle_again, _where, changes_of, plain, visible
from govapp.services._keys import consume, consumed
from govapp.services._review_end import _end_review
from govapp.services._work import Origin, Work, writing

PROPOSED = "proposed"
HOLDS_MEASURES = ("program", "project", "measure_package")
_KEY = re.compile(r"[A-Z][A-Z0-9]{0,9}-[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class ProposeMeasure:
    """A new measure in a branch. `key` only when history is replayed or imported; amounts in units of the currency."""

    branch: str
    fields: Mapping[str, Any]
    origin: Origin
    action_key: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class EditMeasure:
    """Change fields of a measure; only those named change. `vendor_spend` in units of the organization's currency."""

    key: str
    seen_version: int
    changes: Mapping[str, Any]
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveProposal:
    """Take a proposal off the list, with a reason; its record stays."""

    key: str
    seen_version: int
    reason: str
    origin: Origin
    action_key: str = ""


@dataclass(frozen=True, slots=True)
class RecordListExport:
    """A list left the program as a file: that of measures, or what `name` says."""

    origin: Origin
    filter: Mapping[str, str] = field(default_factory=dict)
    name: str = "measures"


def propose_measure(command: ProposeMeasure) -> str:
    """Write a proposal and return its key: state proposed, no stage, the branch's active rules pinned.

    Raises NotFound (branch), Refused, Invalid with codes by field, KeyReused.
    """
    return writing(
        command.origin, lambda work: _propose_measure(work, command), action_key=command.action_key
    )


def _propose_measure(work: Work, command: ProposeMeasure) -> str:
    branch = work.session.scalar(select(Branch).where(Branch.key == command.branch))
    if branch is None:
        raise NotFound("not_found")
    right = may(work.actor, Permission.MEASURE_CREATE, Place(branch.path, {}, branch.id))
    body = ["propose", command.branch, plain(dict(command.fields))]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return str(earlier["key"])
    if command.key and command.origin.source == "web":
        raise Refused("key_given")
    loaded = _propose(work, branch, command.fields, right, key=command.key)
    consume(work, command.action_key, body, {"key": loaded.measure.key})
    return loaded.measure.key


def _propose(work: Work, branch: Branch, fields: Mapping[str, Any], right: str, *, key: str = "") -> Loaded:
    """Store a proposal and settle it."""
    if branch.kind not in HOLDS_MEASURES:
        raise Invalid("measure_invalid", {"branch": ["branch_too_high"]})
    if branch.archived:
        raise Invalid("measure_invalid", {"branch": ["branch_archived"]})
    workflow_id = workflow_id_at(work.session, branch.path)
    version = active_version(work.session, workflow_id) if workflow_id else None
    if version is None:
        raise Invalid("measure_invalid", {"branch": ["branch_without_workflow"]})
    organization = work.session.get_one(Organization, branch.organization_id)
    clean, faults = clean_fields(
        {"title": "", **fields}, choice_keys(work.session, organization.id), organization.currency
    )
    if faults:
        raise Invalid("measure_invalid", faults)
    measure = Measure(
        key=_own_key(work, organization.key_prefix, key),
        organization_id=organization.id,
        branch_id=branch.id,
        workflow_version_id=version.id,
        stage=None,
        state=PROPOSED,
        version=1,
        created_at=work.at,
        created_by=work.actor.id,
        **clean,
    )
    work.session.add(measure)
    work.session.flush()
    work.at_seq.append(lambda seq: setattr(measure, "stage_seq", seq))
    work.log(
        Event.MEASURE_PROPOSED,
        {"key": measure.key, "title": measure.title, "branch": branch.key, "rules": version.digest,
         "fields": {name: value for name, value in clean.items() if value not in ("", None, False)}},
        right=right, object_type="measure", object_id=measure.key, measure_id=measure.id, branch_id=branch.id,
    )  # fmt: skip
    return _settle_again(work, measure.id)


def _own_key(work: Work, prefix: str, wanted: str) -> str:
    """The wanted key, or the next of the prefix. Numbers only grow, so a key is never used again."""
    if wanted and not _KEY.fullmatch(wanted):
        raise Invalid("measure_invalid", {"key": ["measure_key_malformed"]})
    if wanted and work.session.scalar(select(Measure.id).where(Measure.key == wanted)) is not None:
        raise Invalid("measure_invalid", {"key": ["measure_key_taken"]})
    if wanted:
        stem, _, digits = wanted.rpartition("-")
        _count(work, stem, int(digits))
        return wanted
    number = _count(work, prefix, None)
    if work.session.scalar(select(Measure.id).where(Measure.key == f"{prefix}-{number}")) is not None:
        number = _count(work, prefix, highest_number(work.session, prefix) + 1)
    return f"{prefix}-{number}"


def _count(work: Work, prefix: str, reached: int | None) -> int:
    """Grow the counter of a prefix by one, or to a number reached elsewhere; its row stays locked until the end."""
    name = f"last_key:{prefix}"
    insert = insert_sqlite if work.session.get_bind().dialect.name == "sqlite" else insert_postgresql
    work.session.execute(
        insert(Setting).values(key=name, value="0").on_conflict_do_nothing(index_elements=["key"])
    )
    row = work.session.get_one(Setting, name, with_for_update=True, populate_existing=True)
    row.value = str(int(row.value) + 1 if reached is None else max(int(row.value), reached))
    work.session.flush()
    return int(row.value)


def edit_right(actor: Actor, measure: Measure, place: Place) -> str | None:
    """The right to edit a measure's fields: by part or role, or as who proposed it while it is a proposal."""
    right = right_of(actor, Permission.MEASURE_EDIT, place)
    own = actor.id is not None and measure.created_by == actor.id and measure.state == PROPOSED
    if right is None and own and actor.grant_for(Permission.MEASURE_CREATE, place.path) is not None:
        return "act:propose"
    return right


def edit_measure(command: EditMeasure) -> int:
    """Change fields and return the measure's version, which grows only when something changed.

    Raises NotFound, Refused, Stale, Invalid with codes by field, KeyReused.
    """
    return writing(command.origin, lambda work: _edit_measure(work, command), action_key=command.action_key)


def _edit_measure(work: Work, command: EditMeasure) -> int:
    loaded, right = _editable(work, command.key)
    body = ["edit", command.key, plain(dict(command.changes)), command.seen_version]
    earlier = consumed(work, command.action_key, body)
    if earlier is not None:
        return int(earlier["version"])
    if command.seen_version != loaded.measure.version:
        raise Stale(
            "stale_measure", key=command.key, seen=command.seen_version, version=loaded.measure.version
        )
    if _edit(work, loaded, command.changes, right):
        loaded = _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"version": loaded.measure.version})
    return loaded.measure.version


def _editable(work: Work, key: str) -> tuple[Loaded, str]:
    loaded = visible(work, key)
    right = edit_right(work.actor, loaded.measure, loaded.place) or may(
        work.actor, Permission.MEASURE_EDIT, loaded.place
    )
    _refuse_cancelled(work, loaded)
    return loaded, right


def _edit(work: Work, loaded: Loaded, changes: Mapping[str, Any], right: str) -> bool:
    """Set fields and log old and new; True when something changed. The caller settles."""
    measure = loaded.measure
    before = {name: getattr(measure, name, None) for name in changes}
    keys = choice_keys(work.session, measure.organization_id)
    clean, faults = clean_fields(changes, keys, loaded.currency, before)
    if faults:
        raise Invalid("measure_invalid", faults)
    changed = changes_of(before, clean)
    if not changed:
        return False
    for name in changed:
        setattr(measure, name, clean[name])
    measure.version += 1
    work.log(
        Event.MEASURE_EDITED, {"changes": changed, "version": measure.version},
        right=right, object_type="measure", object_id=measure.key, **_where(loaded),
    )  # fmt: skip
    return True


def archive_proposal(command: ArchiveProposal) -> None:
    """Archive a proposal; an open request for acceptance ends as withdrawn.

    Raises NotFound, Refused, Stale, Invalid (no reason, or it is no proposal any more), KeyReused.
    """
    writing(command.origin, lambda work: _archive(work, command), action_key=command.action_key)


def _archive(work: Work, command: ArchiveProposal) -> None:
    loaded = visible(work, command.key)
    right = edit_right(work.actor, loaded.measure, loaded.place) or may(
        work.actor, Permission.MEASURE_EDIT, loaded.place
    )
    body = ["archive", command.key, command.reason]
    if consumed(work, command.action_key, body) is not None:
        return
    if command.seen_version != loaded.measure.version:
        raise Stale(
            "stale_measure", key=command.key, seen=command.seen_version, version=loaded.measure.version
        )
    reason = command.reason.strip()
    if loaded.snapshot.state != PROPOSED:
        raise Invalid("measure_invalid", {"reason": ["not_a_proposal"]})
    if not 3 <= len(reason) <= 4000:
        raise Invalid("measure_invalid", {"reason": ["reason_needed" if len(reason) < 3 else "too_long"]})
    _end_review(work, loaded, "withdrawn", reason)
    loaded.measure.archived = True
    loaded.measure.version += 1
    work.log(
        Event.MEASURE_ARCHIVED, {"reason": reason, "version": loaded.measure.version},
        right=right, object_type="measure", object_id=loaded.measure.key, **_where(loaded),
    )  # fmt: skip
    _settle_again(work, loaded.measure.id)
    consume(work, command.action_key, body, {"done": True})


def record_list_export(command: RecordListExport) -> None:
    """Log that a list was exported, with its filter. Raises Refused."""

    def record(work: Work) -> None:
        if not work.actor.is_system and not work.actor.holds_anywhere(Permission.MEASURE_EXPORT):
            raise Refused("no_right", permission=str(Permission.MEASURE_EXPORT))
        work.log(
            Event.LIST_EXPORTED, {"filter": dict(command.filter)}, object_type="list", object_id=command.name
        )

    writing(command.origin, record)
