"""Gathers the filed dossier of a decided gate: what its deciders had before them, and how they decided."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from govapp.data.figures_then import figures_then
from govapp.data.report_queries import (
    OrganizationThen,
    Recorded,
    Row,
    branch_names,
    choice_names,
    dossier_at,
    files_of,
    kept,
    names_at,
    organization_at,
    record_of,
)
from govapp.data.rulebook import rules_for
from govapp.domain.criteria import Finding
from govapp.domain.differences import differences, people_in
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.money import from_minor
from govapp.domain.rules import Rules
from govapp.jobs._gather_clocks import clocks_then
from govapp.jobs._gather_closing import closing_shown
from govapp.jobs._gather_figures import kpis_shown
from govapp.jobs._gather_history import history_shown
from govapp.jobs._gather_reviews import reviews_shown
from govapp.present import dossiers as words
from govapp.present.differences import difference_rows
from govapp.present.evidence import describe
from govapp.present.findings import detail_sentence, rule_sentence, stage_name
from govapp.present.language import gettext as _
from govapp.present.measures import word
from govapp.present.plan_differences import category_word
from govapp.reports import dossier_data as paper
from govapp.reports.dossier_data import DossierData, Fact
from govapp.reports.paper import LogHead
from govapp.services._report_snapshot import people_in as people_on_record

TEXTS = ("problem", "expected_effect", "description")
LEFT_OUT = frozenset({*TEXTS, "title"})


def gate_data(
    session: Session, review_id: int, seq: int, at: datetime, head: LogHead, base_url: str
) -> DossierData | None:
    """What is filed of a review that ended by a decision, as of the sequence at which it ended; None for any other.

    All of it are facts and kept states of that moment, so it is the same whenever it is made.
    """
    found = kept(session, seq, "review", lambda t: t.c.id == review_id)
    if not found or found[0]["state"] not in {"passed", "sent_back"}:
        return None
    review = found[0]
    measure = kept(session, seq, "measure", lambda t: t.c.id == review["measure_id"])
    recorded = record_of(session, seq, measure, full=True)[review["measure_id"]]
    own = [row for row in recorded.dossiers if row["review_id"] == review_id]
    content = dossier_at(session, own[-1]["id"])
    rules = rules_for(session, review["workflow_version_id"])
    organization = organization_at(session, seq, recorded.measure["organization_id"])
    before = _decided_before(recorded, review)
    earlier = dossier_at(session, before[1]["id"]) if before else None
    people = names_at(session, seq, people_on_record(recorded) | people_in(content, earlier))
    names = {i: row["name"] for i, row in people.items()}
    vocabulary = words.Vocabulary(rules, organization.currency, _choices(session, seq, organization), names)
    branch = kept(session, seq, "branch", lambda t: t.c.id == recorded.measure["branch_id"])[0]
    changes = difference_rows(differences(earlier, content), vocabulary) if earlier else []
    gate = rules.gates.get(review["into"])
    clocks = clocks_then(session, seq, at, organization.id, organization.timezone, [recorded])
    only = Recorded(
        recorded.measure, reviews=[review], dossiers=own, steps=recorded.steps, votes=recorded.votes
    )
    return DossierData(
        key=content["key"],
        title=content["fields"]["title"],
        organization=organization.name,
        branch_path=" › ".join(branch_names(session, seq, branch["path"])),
        stage=stage_name(rules, review["came_from"]),
        state=review["state"],
        rules=_("%(name)s, version %(n)s", name=rules.name, n=content["rules"][1]),
        as_of=at,
        zone=organization.timezone,
        log_head=head,
        implementation=_status(content, "implementation"),
        potential=_status(content, "potential"),
        facts=tuple(
            Fact(label, text) for label, text in words.shown_fields(_without(content, LEFT_OUT), vocabulary)
        ),
        texts=tuple(
            Fact(words.field_label(name), content["fields"][name])
            for name in TEXTS
            if content["fields"].get(name)
        ),
        parts=tuple(paper.PartHeld(part, held["name"]) for part, held in content["parts"].items()),
        next_stage=stage_name(rules, review["into"]),
        findings=_findings(content, rules),
        reviews=reviews_shown(only, rules, people, clocks),
        conditions=tuple(
            paper.Condition(
                row["wording"],
                names.get(row["owner_id"], ""),
                row["due"],
                bool(row["blocking"]),
                row["state"],
            )
            for row in recorded.conditions
            if row["review_id"] == review_id
        ),
        effects=_effects(content, rules),
        plan_shown=words.plan_shown(content.get("plan")),
        **_proofs(session, seq, recorded, rules, organization, review["into"]),
        milestones=_milestones(content, names),
        dependencies=_dependencies(session, seq, content, rules),
        risks=_risks(content, names),
        evidence=_evidence(session, recorded, content, names),
        history=history_shown(session, review["measure_id"], seq, rules, since=review["opened_seq"] - 1),
        gate=paper.Gate(
            review=review_id,
            dossier=own[-1]["number"],
            came_from=stage_name(rules, review["came_from"]),
            into=stage_name(rules, review["into"]),
            question=gate.question if gate else "",
            state=review["state"],
            reason=review["reason"] or "",
            asked_by=names.get(review["asked_by"], ""),
            asked_for=names.get(review["on_behalf_of"] or 0, ""),
            asked_at=review["opened_at"],
            frozen_at=own[-1]["at"],
            ended_at=review["ended_at"],
            digest=own[-1]["content_digest"],
            basis=own[-1]["basis_digest"],
            since=before[0]["ended_at"] if before else None,
            changes=tuple(
                paper.Difference(
                    f"{row.what}, {row.of}" if row.of else row.what, row.old, row.new, row.difference
                )
                for row in changes
            ),
        ),
        base_url=base_url,
    )


def _proofs(
    session: Session, seq: int, recorded: Recorded, rules: Rules, organization: OrganizationThen, into: str
) -> dict[str, Any]:
    """Money and operating figures as they stood when the gate into the last stage was decided."""
    if not rules.stage(into).terminal:
        return {}
    measure = recorded.measure["id"]
    used = {recorded.measure["workflow_version_id"]: rules}
    then = figures_then(session, seq, organization, {measure: recorded}, used).get(measure)
    return {
        "closing": closing_shown(session, seq, recorded, rules, then),
        "kpis": kpis_shown(session, seq, measure, rules, organization.timezone),
    }


def _without(content: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {"fields": {name: value for name, value in content["fields"].items() if name not in names}}


def _choices(session: Session, seq: int, organization: OrganizationThen) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for (name, key), said in choice_names(session, seq, organization.id).items():
        found.setdefault(name, []).append((key, said))
    return found


def _decided_before(recorded: Recorded, review: Row) -> tuple[Row, Row] | None:
    """The last review of the measure that was decided before, and its last dossier."""
    earlier = [
        row
        for row in recorded.reviews
        if row["id"] < review["id"] and row["state"] in {"passed", "sent_back"}
    ]
    if not earlier:
        return None
    own = [row for row in recorded.dossiers if row["review_id"] == earlier[-1]["id"]]
    return (earlier[-1], own[-1]) if own else None


def _status(content: Mapping[str, Any], kind: str) -> paper.Status:
    return paper.Status(content["statuses"].get(kind, "none"))


def _findings(content: Mapping[str, Any], rules: Rules) -> tuple[paper.Finding, ...]:
    found = [
        Finding(one["key"], one["met"], one["code"], one["values"], one["wording"])
        for one in content["findings"]
    ]
    return tuple(
        paper.Finding((f.wording or rule_sentence(f, rules)).rstrip("."), f.met, detail_sentence(f, rules))
        for f in found
    )


def _effects(content: Mapping[str, Any], rules: Rules) -> tuple[paper.EffectLine, ...]:
    found = []
    for line in content["lines"]:
        run_rate, plan = (
            None if line[name] is None else from_minor(line[name], line["currency"])
            for name in ("run_rate", "plan")
        )
        kind, recurring = word("effect_kind", line["kind"]), line["timing"] == "recurring"
        category = category_word(line.get("category"), rules)
        found.append(
            paper.EffectLine(
                line["name"], kind, recurring, line["currency"], run_rate, plan, category=category
            )
        )
    return tuple(found)


def _milestones(content: Mapping[str, Any], names: Mapping[int, str]) -> tuple[paper.Milestone, ...]:
    return tuple(
        paper.Milestone(
            one["name"], names.get(one["owner"] or 0, ""), _day(one["plan"]), None,
            _day(one["forecast"]), _day(one["actual"]),
        )
        for one in content["milestones"]
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _dependencies(
    session: Session, seq: int, content: Mapping[str, Any], rules: Rules
) -> tuple[paper.Dependency, ...]:
    keys = [one[0] for one in content["predecessors"]]
    rows = kept(session, seq, "measure", lambda t: t.c.key.in_(keys)) if keys else []
    titles = {row["key"]: row["title"] for row in rows}
    return tuple(
        paper.Dependency(
            key, titles.get(key, ""), stage_name(rules, needs), stage_name(rules, stage),
            state != "cancelled" and rules.reached(stage, needs),
        )
        for key, needs, stage, state in content["predecessors"]
    )  # fmt: skip


def _risks(content: Mapping[str, Any], names: Mapping[int, str]) -> tuple[paper.Risk, ...]:
    rows = sorted(content["risks"], key=lambda r: (not r["open"], -r["likelihood"] * r["impact"], r["id"]))
    return tuple(
        paper.Risk(
            row["text"], word("rating", row["rating"]).lower(), row["likelihood"], row["impact"],
            names.get(row["owner"] or 0, ""), row["response"] or "", bool(row["blocking"]), bool(row["open"]),
        )
        for row in rows
    )  # fmt: skip


def _evidence(
    session: Session, recorded: Recorded, content: Mapping[str, Any], names: Mapping[int, str]
) -> tuple[paper.EvidencePiece, ...]:
    """The revisions that were frozen, with their files; the form each was given on is that of its own version."""
    rows = {(row["evidence_id"], row["number"]): row for row in recorded.evidence}
    frozen = [(one, rows[one["evidence"], one["revision"]]) for one in content["evidence"]]
    files = files_of(session, [row["id"] for _, row in frozen])
    return tuple(_piece(one, row, files.get(row["id"], []), names) for one, row in frozen)


def _piece(
    frozen: Mapping[str, Any], row: Row, files: list[Row], names: Mapping[int, str]
) -> paper.EvidencePiece:
    kind = EvidenceKind.from_dict(row["definition"])
    shown = [value for value in describe(kind, frozen["values"], names) if not value.files]
    return paper.EvidencePiece(
        kind=kind.name,
        title=f"{kind.name} {row['piece']}" if row["piece"] > 1 else kind.name,
        revision=frozen["revision"],
        state=frozen["judged"] or "valid",
        submitter=names.get(row["person_id"], ""),
        submitted_at=row["at"],
        digest=frozen["digest"],
        kind_version=frozen["kind_version"],
        on_behalf_of=names.get(row["on_behalf_of"] or 0, ""),
        effective=row["effective_on"],
        valid_until=row["valid_until"],
        judged_by=names.get(row["judged_by"] or 0, "") if frozen["judged"] else "",
        judged_reason=row["judged_reason"] or "" if frozen["judged"] else "",
        values=tuple(Fact(value.label, value.text) for value in shown),
        files=tuple(paper.EvidenceFile(f["name"], f["size"], f["digest"]) for f in files),
    )
