"""Turns the demonstration's evidence into submissions: people by id, sample files in the store."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govapp.data.blobs import BlobStore
from govapp.data.runtime import current
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.services._work import Origin
from govapp.services.demo.files import sample_file
from govapp.services.evidence import Submission, SubmitEvidence, submit_evidence
from govapp.services.uploads import RegisterFiles, register_files


@dataclass
class Papers:
    """Evidence by its id in the file, the kinds that are live, and the people.

    `handed`: piece and revision of what was handed in, by the same id.
    """

    measures: Mapping[str, Any]
    kinds: Mapping[str, EvidenceKind]
    people: Mapping[str, int]
    system: Origin
    by_id: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    handed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, data in self.measures.items():
            for one in data["evidence"]:
                self.by_id[one["id"]] = (key, one)

    def kind_of(self, evidence_id: str) -> EvidenceKind:
        """The kind of a submission of the file."""
        return self.kinds[self.by_id[evidence_id][1]["kind"]]

    def submit(self, evidence_id: str, origin: Origin) -> None:
        """Hand in a submission of the file."""
        key, data = self.by_id[evidence_id]
        kind = self.kind_of(evidence_id)
        values = self._values(kind, data["values"], f"{key} {kind.name}")
        done = submit_evidence(SubmitEvidence(key, Submission(kind.key, values, data["effective"]), origin))
        self.handed[evidence_id] = done.evidence_id, done.revision

    def _values(self, kind: EvidenceKind, values: Mapping[str, Any], words: str) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        for spec in kind.fields:
            value = values.get(spec.name)
            if value is None:
                continue
            if spec.type == "person":
                value = self.people[value]
            elif spec.type == "file":
                names = [value] if isinstance(value, str) else value
                value = [self._store(name, words) for name in names]
            clean[spec.name] = value
        return clean

    def _store(self, name: str, words: str) -> dict[str, Any]:
        content, kind = sample_file(name, words)
        blob = BlobStore(current().files).put(io.BytesIO(content))
        register_files(RegisterFiles(((blob.digest, blob.size, kind),), self.system))
        return {"name": name, "sha256": blob.digest, "size": blob.size, "type": kind}
