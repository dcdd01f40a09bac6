"""What the acts of the demonstration share: the cast, the measures of the file, where a measure now stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.measures import Measure
from govapp.data.reviews import Dossier, Review
from govapp.services._work import Origin
from govapp.services.demo.evidence import Papers
from govapp.services.demo.stage_set import Stage
from govapp.services.moves import MoveOutcome


@dataclass
class Play:
    """The measures of the year by key, how evidence becomes values, and what could not be done under the live rules.

    `file` is the whole file; `lines` and `kpis`: effect lines and operating figures by id and key in it.
    """

    stage: Stage
    measures: Mapping[str, Any]
    papers: Papers
    file: Mapping[str, Any]
    left_out: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    kpis: dict[str, int] = field(default_factory=dict)

    def lead(self, key: str) -> str:
        """The lead of the measure's program."""
        return self.stage.leads[self.measures[key]["package"]]

    def owner(self, key: str, at: datetime) -> Origin:
        """The owner of a measure acting."""
        return self.stage.origin(self.measures[key]["owner"], at)

    def controller(self, key: str, at: datetime) -> Origin:
        """The controller of a measure acting, or their deputy on that day."""
        person, day = self.measures[key]["controller"], at.date()
        for one in self.file["absences"]:
            if one["person"] == person and one["from"] <= day <= one["to"]:
                return self.stage.origin(one["deputy"], at, person)
        return self.stage.origin(person, at)

    def origin(self, said: Mapping[str, Any], at: datetime) -> Origin:
        """Who acts in an event of the file, and for whom."""
        return self.stage.origin(said["by"], at, said.get("for"))

    def leave(self, key: str, what: str, error: Exception) -> None:
        """Note what the live rules did not allow."""
        reason = getattr(error, "code", str(error))
        self.left_out.append(
            f"{key} {what}: {reason} {getattr(error, 'errors', '') or getattr(error, 'values', '')}"
        )

    def note(self, key: str, what: str, done: MoveOutcome) -> None:
        """Note an answer other than the file's."""
        unmet = [finding.key for finding in done.decision.unmet] if done.decision else []
        self.left_out.append(f"{key} {what}: {done.outcome} {' '.join(unmet)}".rstrip())


def measure_row(key: str) -> tuple[int, int, str | None, str]:
    """Id, version, stage and state as they now are."""
    with reading() as session:
        row = session.execute(
            select(Measure.id, Measure.version, Measure.stage, Measure.state).where(Measure.key == key)
        ).one()
        return row.id, row.version, row.stage, row.state


def open_review(key: str) -> tuple[int, int, str] | None:
    """Id, number of the latest dossier and stage of the open review, if any."""
    with reading() as session:
        row = session.execute(
            select(Review.id, Dossier.number, Review.into)
            .join(Measure, Measure.id == Review.measure_id)
            .join(Dossier, Dossier.review_id == Review.id)
            .where(Measure.key == key, Review.state == "open")
            .order_by(Dossier.number.desc())
        ).first()
        return None if row is None else (row.id, row.number, row.into)
