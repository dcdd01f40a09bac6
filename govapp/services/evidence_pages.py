"""What the evidence pages show: where each kind stands on a measure, and what a form starts with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from govapp.data import evidence_queries as queries
from govapp.data.engine import reading
from govapp.data.measure_pages import OFFERED, people_here, person_by_email
from govapp.data.snapshots import Loaded
from govapp.domain.criteria import MILESTONE_FIELD, applies, counts
from govapp.domain.deputies import SUPPLY
from govapp.domain.errors import NotFound, Refused
from govapp.domain.evidence_expiry import end_of
from govapp.domain.evidence_judging import Judges
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.rights import Actor
from govapp.domain.rules import CriterionRule
from govapp.domain.snapshot import EvidenceFact
from govapp.forms.classes import EvidenceForm, FormContext
from govapp.forms.evidence import draft_files, from_draft, from_values
from govapp.services.board_moves import Standing
from govapp.services.duties import right_for
from govapp.services.evidence import supplying
from govapp.services.judging import barred_from_judging, judges_here

NEXT, LATER, PASSED, UNASKED = "next", "later", "passed", "unasked"


@dataclass(frozen=True, slots=True)
class KindStanding:
    """One kind on one measure: the gates that ask for it, its state, its pieces with theirs and who can judge them.

    `into` and `criterion` are those of the gate it is listed under, `serves` every stage whose gate asks for it.
    """

    kind: EvidenceKind
    group: str
    into: str | None
    criterion: CriterionRule | None
    serves: tuple[str, ...]
    state: str
    pieces: tuple[tuple[queries.PieceRow, str, Judges | None], ...]
    draft: bool
    supplies: bool


@dataclass(frozen=True, slots=True)
class FormStart:
    """A form as this person should find it, with where it came from and the effective day.

    `revision` is the newest one of the piece, 0 when there is none; `overtaken_by` says who handed it in when that was
    after the draft was begun. `returned` is the newest revision when its judge returned it.
    """

    form: EvidenceForm
    context: FormContext
    piece: queries.Piece | None = None
    revision: int = 0
    from_draft: bool = False
    effective_on: str = ""
    overtaken_by: str = ""
    returned: queries.RevisionRow | None = None


def asking(loaded: Loaded, kind: str) -> list[tuple[str, CriterionRule]]:
    """Every gate that asks for the kind on this measure, in order: its stage and criterion."""
    return [
        (stage.key, criterion)
        for stage in loaded.rules.stages
        for criterion in loaded.rules.gates[stage.key].criteria
        if criterion.kind == "evidence"
        and criterion.params["kind"] == kind
        and applies(criterion, loaded.snapshot)
    ]


def _first(loaded: Loaded, gates: list[tuple[str, CriterionRule]]) -> tuple[str | None, CriterionRule | None]:
    """The first gate not passed yet that asks, else the last passed one that did."""
    ahead = (gate for gate in gates if not loaded.rules.reached(loaded.snapshot.stage, gate[0]))
    return next(ahead, gates[-1] if gates else (None, None))


def _group(loaded: Loaded, into: str | None) -> str:
    if into is None:
        return UNASKED
    if loaded.rules.reached(loaded.snapshot.stage, into):
        return PASSED
    return NEXT if into == loaded.rules.next_stage(loaded.snapshot.stage) else LATER


def _state(states: list[str], needed: int, group: str) -> str:
    """valid, the reason why the newest piece does not count, few, or what it means that nothing is there."""
    if states and states.count("") >= needed:
        return "valid"
    if states:
        return next((state for state in reversed(states) if state), "few")
    return {NEXT: "missing", LATER: "later", PASSED: "passed", UNASKED: "unasked"}[group]


def standings_of_kinds(session: Session, actor: Actor, loaded: Loaded, today: date) -> list[KindStanding]:
    """Every kind of the measure's rules: those of the next gate first, then later ones, passed ones, and the rest."""
    rows = queries.pieces(session, loaded.measure.id)
    drafts = queries.draft_kinds(session, loaded.measure.id, actor.id)
    facts = {fact.evidence_id: fact for fact in loaded.snapshot.evidence}
    reasons = {key: counts(fact, loaded.rules, loaded.snapshot, today) for key, fact in facts.items()}
    judges = judges_here(session, loaded, {row.id: (row.person_id, row.for_id) for row in rows}, today)
    found = []
    for kind in loaded.rules.kinds.values():
        gates = asking(loaded, kind.key)
        into, criterion = _first(loaded, gates)
        group = _group(loaded, into)
        mine = [row for row in rows if row.kind == kind.key]
        needed = criterion.params.get("min_count", 1) if criterion else 1
        state = _state([reasons.get(row.id, "") for row in mine], needed, group)
        pieces = tuple(
            (row, piece_state(facts.get(row.id), loaded, today), judges.get(row.id)) for row in mine
        )
        supplies, serves = supply_right(actor, loaded, kind), tuple(stage for stage, _ in gates)
        drafted = kind.key in drafts
        found.append(KindStanding(kind, group, into, criterion, serves, state, pieces, drafted, supplies))
    order = {NEXT: 0, LATER: 1, PASSED: 2, UNASKED: 3}
    return sorted(found, key=lambda one: (order[one.group], loaded.rules.order.get(one.into or "", 99)))


def piece_state(fact: EvidenceFact | None, loaded: Loaded, today: date) -> str:
    """valid, expiring, or why the piece does not count; past where it has expired and that matters no more."""
    if fact is None:
        return "valid"
    end = end_of(fact, loaded.rules, loaded.snapshot, today)
    return end or counts(fact, loaded.rules, loaded.snapshot, today) or "valid"


def supply_right(actor: Actor, loaded: Loaded, kind: EvidenceKind) -> bool:
    """True when this person may hand in this kind here now; what is signed with a vote nobody hands in."""
    if kind.attested or loaded.snapshot.state == "cancelled" or loaded.measure.archived:
        return False
    lent = partial(supplying, kind=kind, place=loaded.place)
    return right_for(actor, loaded.rules, loaded.place, SUPPLY, lent) is not None


def kind_of(actor: Actor, loaded: Loaded, key: str) -> EvidenceKind:
    """The kind, for one who may hand it in. Raises NotFound, Refused with who else may."""
    kind = loaded.rules.kinds.get(key)
    if kind is None:
        raise NotFound("not_found")
    if kind.attested:
        raise Refused("attested_kind", kind=kind.name)
    if not supply_right(actor, loaded, kind):
        raise Refused("not_a_supplier", kind=kind.name, suppliers=list(kind.submitted_by))
    return kind


def form_start(
    session: Session, actor: Actor, now: Standing, kind: EvidenceKind, piece_id: int | None = None
) -> FormStart:
    """The person's draft, else the newest revision of the piece to revise, else an empty form. Raises NotFound.

    Page and dialog begin alike, and what they begin with is what a sent form keeps: the files above all.
    """
    piece = _piece(session, now, kind, piece_id)
    earlier = queries.revisions(session, piece.id, newest=True)[0] if piece else None
    revision = earlier.number if earlier else 0
    draft = queries.draft(session, now.card.id, kind.key, actor.id)
    if draft is not None and kind.several and draft.get("piece") != (piece.id if piece else None):
        draft = None
    values = dict(earlier.values) if earlier else {}
    context = _context(session, now, kind, values)
    returned = earlier if earlier is not None and earlier.judged == "returned" else None
    if draft is not None:
        overtaken = earlier is not None and draft.get("revision", revision) < revision
        return FormStart(
            from_draft(kind, draft, context), replace(context, kept_files=draft_files(draft)), piece, revision,
            from_draft=True, effective_on=str(draft.get("effective_on", "")),
            overtaken_by=earlier.person if earlier and overtaken else "", returned=returned,
        )  # fmt: skip
    files = {
        spec.name: values[spec.name] for spec in kind.fields if spec.type == "file" and values.get(spec.name)
    }
    context = replace(context, kept_files=files)
    form = from_values(kind, _known(kind, values), context)
    return FormStart(form, context, piece, revision, returned=returned)


def attestation_start(session: Session, now: Standing, kind: EvidenceKind) -> FormStart:
    """The empty form of an attestation, for the page of the vote that signs it: each signer says it anew."""
    context = _context(session, now, kind, {})
    return FormStart(from_values(kind, {}, context), context)


def _piece(session: Session, now: Standing, kind: EvidenceKind, piece_id: int | None) -> queries.Piece | None:
    if piece_id is None and not kind.several:
        piece_id = next((fact.evidence_id for fact in now.snapshot.evidence if fact.kind == kind.key), None)
    if piece_id is None:
        return None
    found = queries.piece(session, now.card.id, piece_id)
    if found is None or found.kind != kind.key:
        raise NotFound("not_found")
    return found


def _context(session: Session, now: Standing, kind: EvidenceKind, values: Mapping[str, Any]) -> FormContext:
    people: list[tuple[int, str]] = []
    if any(spec.type == "person" for spec in kind.fields):
        named = tuple(
            v for spec in kind.fields if spec.type == "person" and isinstance(v := values.get(spec.name), int)
        )
        people = [(row.id, row.name) for row in people_here(session, now.place, now.today, named)]
    person_of = _person_of if len(people) >= OFFERED else None
    names = [one.name for one in now.snapshot.milestones]
    return FormContext(
        now.today, now.currency, people, dict(now.snapshot.fields), person_of=person_of,
        suggestions={MILESTONE_FIELD: names},
    )  # fmt: skip


def _person_of(email: str) -> int | None:
    with reading() as session:
        return person_by_email(session, email)


def _known(kind: EvidenceKind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of fields the kind still has: an earlier revision may have been handed in under an older form."""
    names = {spec.name for spec in kind.fields}
    return {name: value for name, value in values.items() if name in names}


@dataclass(frozen=True, slots=True)
class PieceView:
    """One piece with its revisions, newest first, files by revision and field, the gates it serves, and its judging.

    `judges` is there while the newest revision waits; `barred` holds every reason why this reader may not judge it.
    """

    piece: queries.Piece
    kind: EvidenceKind
    state: str
    revisions: tuple[queries.RevisionRow, ...]
    files: Mapping[int, tuple[queries.FileRow, ...]] = field(default_factory=dict)
    serves: tuple[tuple[str, CriterionRule], ...] = ()
    supplies: bool = False
    judges: Judges | None = None
    barred: tuple[str, ...] = ()


def piece_view(session: Session, actor: Actor, loaded: Loaded, evidence_id: int, today: date) -> PieceView:
    """A piece for its page. Raises NotFound when this measure has none of that number."""
    piece = queries.piece(session, loaded.measure.id, evidence_id)
    if piece is None:
        raise NotFound("not_found")
    rows = queries.revisions(session, piece.id)
    kind = loaded.rules.kinds.get(piece.kind) or EvidenceKind.from_dict(rows[0].definition)
    files: dict[int, list[queries.FileRow]] = {}
    for row in queries.files_of(session, [revision.id for revision in rows]):
        files.setdefault(row.revision_id, []).append(row)
    fact = next((fact for fact in loaded.snapshot.evidence if fact.evidence_id == piece.id), None)
    newest = rows[0]
    judges = judges_here(session, loaded, {piece.id: (newest.person_id, newest.for_id)}, today).get(piece.id)
    barred: tuple[str, ...] = ()
    if judges is not None:
        barred = barred_from_judging(session, actor, loaded, kind, newest.person_id, newest.for_id)
    by_revision = {key: tuple(found) for key, found in files.items()}
    return PieceView(
        piece, kind, piece_state(fact, loaded, today), tuple(rows), by_revision, tuple(asking(loaded, piece.kind)),
        piece.kind in loaded.rules.kinds and supply_right(actor, loaded, kind), judges, barred,
    )  # fmt: skip
