"""The form of an attestation within the form of a vote: begun empty, read and checked as evidence is, then signed."""

from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from govapp.data.snapshots import Loaded
from govapp.domain.errors import Invalid
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.forms.evidence import BoundEvidence, bind
from govapp.present.evidence import fault_sentence
from govapp.present.evidence_form import FieldView, error_list, field_views
from govapp.services.board_moves import standing_of
from govapp.services.evidence import Submission
from govapp.services.evidence_pages import FormStart, attestation_start
from govapp.services.uploads import keep_uploads
from govapp.web._context import moment, origin


@dataclass
class Attestation:
    """A kind that is signed with a vote, its form as it starts or as it was sent, and what was wrong."""

    kind: EvidenceKind
    start: FormStart
    currency: str
    bound: BoundEvidence | None = None

    @property
    def views(self) -> list[FieldView]:
        """The fields as `attestation_fields` draws them."""
        form = self.bound.form if self.bound else self.start.form
        return field_views(form.parts, self.currency)

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """Id, label and first error of each refused field."""
        return error_list(self.views)

    def read(self) -> Submission | None:
        """What was sent, for the vote's verb; None when something is wrong, which `views` then show."""
        files: Any = request.files
        self.bound = bind(self.kind, request.form, files, self.start.context)
        keep_uploads(self.bound.uploads, origin())
        return Submission(self.kind.key, self.bound.values) if self.bound.valid else None


def attestation_of(session: Session, loaded: Loaded, key: str) -> Attestation | None:
    """The attestation a step asks for (`StepRule.attests`); None for a step that asks for none."""
    kind = loaded.rules.kinds.get(key)
    if kind is None or not kind.attested:
        return None
    start = attestation_start(session, standing_of(loaded, moment()), kind)
    return Attestation(kind, start, loaded.currency)


def attestation_faults(error: Invalid) -> list[str]:
    """Sentences for faults that the verb found in an attestation."""
    found = error.values.get("faults") or {}
    return [fault_sentence(fault) for faults in found.values() for fault in faults]
