"""Turns the demonstration's evidence into submissions: people by id, sample files in the store, derived forms."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from govapp.data.blobs import BlobStore
from govapp.data.runtime import current
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.services._work import Origin, now
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
    kpis: Mapping[str, Any]
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

    def _hand_in(self, key: str, kind: str, values: dict[str, Any], origin: Origin) -> None:
        submit_evidence(SubmitEvidence(key, Submission(kind, values), origin))

    def rough_numbers(self, key: str, origin: Origin) -> None:
        """The form that asks for the rough figures, filled from the measure."""
        data = self.measures[key]
        values: dict[str, Any] = {"run_rate": data["rough"]["run_rate"], "one_off": data["rough"]["one_off"]}
        if not data["rough"]["run_rate"]:
            values["zero_reason"] = f"No saving is expected; the measure is for: {data['expected_effect']}"
        self._hand_in(key, "rough-numbers", values, origin)

    def plan_numbers(self, key: str, origin: Origin) -> None:
        """The form that asks for planned effect and operating figure, filled from the measure's lines and KPI."""
        data = self.measures[key]
        recurring = [
            line for line in data["effects"] if line["timing"] == "recurring" and line["kind"] != "fte"
        ]
        one_off = [
            amount for x in data["effects"] if x["timing"] == "one_off" for amount in x["plan"]["amounts"]
        ]
        first = min(
            (str(line["plan"]["from"]) for line in recurring),
            default=f"{origin.at:%Y-%m}" if origin.at else "2026-01",
        )
        run_rate = round(sum(line["run_rate"] for line in recurring))
        kpi = data["kpi"]
        figure = self.kpis[kpi["ref"]]
        values: dict[str, Any] = {
            "first_effect_month": date.fromisoformat(f"{first[:7]}-01"),
            "run_rate": run_rate,
            "one_off": max(0, round(-sum(one_off))),
            "source": "Lines by month on the finance page, agreed with the finance contact.",
            "kpi_name": figure["name"],
            "kpi_baseline": kpi["baseline"],
            "kpi_target": kpi["target"],
            "kpi_unit": figure["unit"],
            "kpi_source": figure["source"],
        }
        if run_rate == 0:
            values["zero_reason"] = f"No saving is planned; the measure is for: {data['expected_effect']}"
        self._hand_in(key, "plan-numbers", values, origin)

    def sustain_dates(self, key: str, origin: Origin) -> None:
        """The dates of the checks after closing."""
        closed = (origin.at or now()).date()
        made_up = [closed + timedelta(days=n) for n in (91, 182, 365)]
        days = self.measures[key].get("sustain_dates") or made_up
        values = dict(zip(("after_3_months", "after_6_months", "after_12_months"), days, strict=True))
        self._hand_in(key, "sustain-dates", values, origin)
