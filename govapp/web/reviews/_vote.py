"""Reads the form of a vote: verdict, reason, conditions, the signature, and what is signed with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from govapp.data.engine import reading
from govapp.data.measure_pages import person_by_email
from govapp.data.review_queries import review_head
from govapp.data.snapshots import Loaded, load_measure
from govapp.domain.approvals import APPROVING, CLOSE, COMMENT, VOTES, WITH_CONDITIONS
from govapp.domain.errors import Invalid, Refused
from govapp.domain.snapshot import StepFact
from govapp.services.evidence import Submission
from govapp.services.review_pages import ballot_of
from govapp.services.reviews import CastVote
from govapp.web._context import acting, actor
from govapp.web._numbers import whole
from govapp.web._recent_password import password_wanted, require_recent_password
from govapp.web.evidence.attestation import Attestation, attestation_of

ROWS = 5
ATTESTS = "attests"  # stands in a form that holds an attestation
_COLUMNS = ("wording", "owner", "due", "blocking")
LONGEST_TEXT = 4000


@dataclass
class Ballot:
    """A vote as it was sent: what was typed, and what is signed with it if the step asks for that."""

    typed: dict[str, str]
    conditions: list[dict[str, Any]]
    places: list[int]
    signed: bool = False
    attestation: Attestation | None = None
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def seen(self) -> int | None:
        """The number of the dossier that was before the voter."""
        return whole(self.typed["dossier"])

    def in_place(self, errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Faults of conditions at the rows in which they were typed: empty rows between them were left out."""
        found = {}
        for name, codes in errors.items():
            start, _, rest = name.partition("-")
            number, _, column = rest.partition("-")
            if start == "condition" and number.isdigit() and int(number) <= len(self.places):
                name = f"condition-{self.places[int(number) - 1]}-{column}"
            found[name] = codes
        return found


def typed_vote() -> Ballot:
    """What was typed, whole; conditions only of the rows in which something stands."""
    form = request.form
    typed = {name: form.get(name, "") for name in ("verdict", "reason", "dossier", "step")}
    conditions, places = [], []
    for n in range(1, ROWS + 1):
        row = {name: form.get(f"condition-{n}-{name}", "").strip()[:LONGEST_TEXT] for name in _COLUMNS}
        typed |= {f"condition-{n}-{name}": value for name, value in row.items()}
        if row["wording"] or row["owner"] or row["due"]:
            owner = _person(row["owner"])
            conditions.append({**row, "owner": owner, "blocking": bool(row["blocking"])})
            places.append(n)
    return Ballot(typed, conditions, places)


def _attests() -> bool:
    """Whether the form that was sent holds an attestation."""
    return ATTESTS in request.form or any(name.startswith("evidence-") for name in request.form)


def _person(value: str) -> int | None:
    """A person by number, or by e-mail address where there are too many to choose from."""
    if not value or value.isdigit():
        return whole(value)
    with reading() as session:
        return person_by_email(session, value)


def read_vote(review_id: int) -> Ballot:
    """The vote that was sent; its signature is asked for and the form that is signed with it read.

    Faults stand in `errors`. Raises TooMany after too many wrong passwords.
    """
    ballot = typed_vote()
    verdict = ballot.typed["verdict"]
    if ballot.seen is None or len(request.form.getlist("verdict")) > 1:
        ballot.errors["verdict"] = ["verdict_unknown"]
        return ballot
    if verdict not in {*VOTES, CLOSE}:
        return ballot
    # who gave the password a moment ago has signed; whether the step asks for it, or for an attestation, is read only
    # where the form says so, and the verb refuses what is missing
    ballot.signed = not password_wanted()
    if ballot.signed and not _attests():
        return ballot
    loaded, step = _standing(review_id)
    if loaded is None or step is None:
        return ballot
    if step.attests and verdict in APPROVING:
        with reading() as session:
            ballot.attestation = attestation_of(session, loaded, step.attests)
    if step.sign and not ballot.signed:
        try:
            require_recent_password()
            ballot.signed = True
        except Invalid as error:
            ballot.errors |= error.errors
    return ballot


def _standing(review_id: int) -> tuple[Loaded | None, StepFact | None]:
    """The measure and the step on which this person would vote; the verb says why there is none."""
    with reading() as session:
        head = review_head(session, review_id)
        loaded = load_measure(session, head.key) if head and head.state == "open" else None
        try:
            return loaded, ballot_of(session, actor(), loaded, acting().on_behalf_of).step if loaded else None
        except Refused:
            return loaded, None


def command_of(ballot: Ballot, review_id: int) -> CastVote:
    """The vote for the verb. Raises Invalid with what is wrong in the form."""
    handed: Submission | None = None
    if ballot.attestation is not None:
        handed = ballot.attestation.read()
        if handed is None:
            ballot.errors["attestation"] = ["attestation_invalid"]
    if ballot.errors:
        raise Invalid("vote_invalid", ballot.errors)
    given = tuple(ballot.conditions) if ballot.typed["verdict"] == WITH_CONDITIONS else ()
    return CastVote(
        review_id, ballot.typed["verdict"], ballot.seen or 0, acting(), ballot.typed["reason"],
        request.form.get("action_key", "")[:200], given, ballot.signed, ballot.typed["step"][:80], handed,
    )  # fmt: skip


def is_comment(ballot: Ballot) -> bool:
    """True for what decides nothing."""
    return ballot.typed["verdict"] == COMMENT
