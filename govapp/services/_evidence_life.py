"""What time and judges do to evidence, drawn by settle: what has expired, who is to judge, telling of coming ends."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete

from govapp.data.evidence import EvidenceJudge
from govapp.data.snapshots import Loaded
from govapp.domain.evidence_expiry import EXPIRED, EXPIRING, end_of
from govapp.domain.evidence_judging import waits_for_judge
from govapp.domain.snapshot import EvidenceFact
from govapp.services._work import Work

ENDED = frozenset({"cancelled"})


def _evidence_life(work: Work, loaded: Loaded, today: date) -> dict[str, Any]:
    """The card's columns about evidence; brings rows of `evidence_judge` up to date and tells of ends, each once."""
    snapshot, card = loaded.snapshot, loaded.card
    ends = {fact: end_of(fact, loaded.rules, snapshot, today) for fact in snapshot.evidence}
    judging = _judging(loaded)
    if judging != (list(card.judging) if card and card.judging else []):
        _keep_judges(work, loaded, judging)
    return {
        "expired": sorted({fact.kind for fact, end in ends.items() if end == EXPIRED}),
        "judging": judging,
        "ends_told": _tell_ends(work, loaded, ends, dict(card.ends_told) if card and card.ends_told else {}),
    }


def _judging(loaded: Loaded) -> list[list[Any]]:
    """Revision, kind and key of everybody whom evidence that waits names as its judge."""
    if loaded.measure.archived or loaded.snapshot.state in ENDED:
        return []
    found: list[list[Any]] = []
    for fact in loaded.snapshot.evidence:
        kind = loaded.rules.kinds.get(fact.kind)
        if kind is not None and kind.judge is not None and waits_for_judge(kind, fact):
            found += [[fact.revision_id, n, key] for n, keys in kind.judge.to_dict().items() for key in keys]
    return sorted(found)


def _keep_judges(work: Work, loaded: Loaded, judging: list[list[Any]]) -> None:
    work.session.execute(delete(EvidenceJudge).where(EvidenceJudge.measure_id == loaded.measure.id))
    for revision, kind, key in judging:
        work.session.add(
            EvidenceJudge(measure_id=loaded.measure.id, revision_id=revision, kind=kind, key=key)
        )


def _tell_ends(
    work: Work, loaded: Loaded, ends: Mapping[EvidenceFact, str], told: dict[str, str]
) -> dict[str, str]:
    """Tell the owner of ends that are near or past; of which end of a revision they know stays on the card."""
    known = {str(fact.revision_id): said for fact in ends if (said := told.get(str(fact.revision_id)))}
    if loaded.measure.archived or loaded.snapshot.state in ENDED:
        return known
    for fact, end in ends.items():
        said = known.get(str(fact.revision_id), "")
        if end not in {EXPIRING, EXPIRED} or said in {end, EXPIRED}:
            continue
        known[str(fact.revision_id)] = end
        for person in _whom(loaded, fact):
            work.tell(
                person, f"evidence_{end}", measure_id=loaded.measure.id,
                payload={"kind": fact.kind, "evidence": fact.evidence_id, "revision": fact.revision,
                         "until": str(fact.valid_until)},
            )  # fmt: skip
    return known


def _whom(loaded: Loaded, fact: EvidenceFact) -> list[int]:
    """The owner; where nobody owns the measure, who handed it in."""
    owner = loaded.snapshot.parts.get("owner")
    return [owner.person_id] if owner is not None and owner.active else sorted(fact.submitters)
