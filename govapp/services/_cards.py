"""The card of one loaded measure, without asking the database again."""

from govapp.data.board_cards import CardRow
from govapp.data.snapshots import Loaded


def card_of(loaded: Loaded, proposer: str = "") -> CardRow:
    """The card of a loaded measure, as the board shows it."""
    measure, card = loaded.measure, loaded.card
    owner = loaded.snapshot.parts.get("owner")
    return CardRow(
        measure.id, measure.key, measure.title, measure.stage, measure.state, measure.version, measure.stage_seq,
        measure.branch_id, measure.workflow_version_id, measure.hold_cause, measure.hold_review_date,
        owner.person_id if owner else None, owner.name if owner else "",
        card.next_stage if card else None, card.met if card else 0, card.missing if card else 0,
        card.review_id if card else None, card.waits_for if card else "", tuple(card.waits_words) if card else (),
        tuple(card.waits_whom) if card else (), card.waits_since if card else None,
        card.target_at if card else None, tuple(card.expired) if card else (),
        card.implementation if card else "none", card.potential if card else "none", dict(card.values) if card else {},
        card.change_seq if card else 0, proposer, card.lookback_due if card else None,
    )  # fmt: skip
