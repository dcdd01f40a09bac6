"""Valid values for any evidence kind, made from its fields, so that tests need not spell them out."""

from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from govapp.data.blobs import BlobStore
from govapp.data.runtime import current
from govapp.domain.evidence_fields import FieldSpec, FieldType
from govapp.domain.evidence_kinds import EvidenceKind, shown_fields
from govapp.services.uploads import RegisterFiles, register_files

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \n"
    b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n"
)
_PATTERNS = {
    "[0-9]{4}": "4711",
    "CHG[0-9]{6}(, ?CHG[0-9]{6})*": "CHG004711",
    "https://.+": "https://catalogue.example.test/1",
}
_MONEY = {"run_rate": 84_000, "one_off": 12_000, "amount": 12_000}


def stored_file(
    origin: Any, content: bytes = PDF, name: str = "proof.pdf", kind: str = "application/pdf"
) -> dict[str, Any]:
    """A file in the store, as a submission names it."""
    stored = BlobStore(current().files).put(BytesIO(content))
    register_files(RegisterFiles(((stored.digest, stored.size, kind),), origin))
    return {"name": name, "sha256": stored.digest, "size": stored.size, "type": kind}


def values_for(
    kind: EvidenceKind,
    origin: Any,
    person: int,
    today: date,
    measure: Mapping[str, Any] | None = None,
    **given: Any,
) -> dict[str, Any]:
    """Values of every demanded field; those given go first."""
    values = dict(given)
    for _ in range(len(kind.fields)):
        wanted = [f for f in shown_fields(kind, values, measure or {}) if f.required and f.name not in values]
        if not wanted:
            break
        values[wanted[0].name] = _value(wanted[0], origin, person, today)
    return values


def _value(spec: FieldSpec, origin: Any, person: int, today: date) -> Any:
    if spec.type is FieldType.FILE:
        return [stored_file(origin)]
    if spec.type is FieldType.PERSON:
        return person
    if spec.type is FieldType.YES_NO:
        return True
    if spec.type is FieldType.CHOICE:
        return spec.choices[0]
    if spec.type is FieldType.CHOICES:
        return [spec.choices[0]]
    if spec.type is FieldType.DATE:
        return (today + timedelta(days=_days(spec))).isoformat()
    if spec.type in (FieldType.NUMBER, FieldType.MONEY):
        return max(spec.min or 0, min(_MONEY.get(spec.name, 20), spec.max or 100))
    if spec.pattern:
        return _PATTERNS[spec.pattern]
    said = f"A sample for {spec.label.rstrip('?').lower()}, long enough to be believed."
    while len(said) < (spec.min or 0):
        said += " And a little more."
    return said[: int(spec.most)]


def _days(spec: FieldSpec) -> int:
    if spec.max is not None and spec.max <= 0:
        return -30 if spec.name.endswith("from") else -1
    return max(int(spec.min or 0), 60)
