"""Gathers the dossier of a measure: everything on record about it, as of a log sequence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from govapp.data.figures_then import Then, figures_then
from govapp.data.report_queries import (
    OrganizationThen,
    Recorded,
    Row,
    branch_names,
    choice_names,
    files_of,
    kept,
    names_at,
    organization_at,
    record_of,
)
from govapp.data.rulebook import rules_for
from govapp.domain.criteria import counts
from govapp.domain.evidence_kinds import EvidenceKind
from govapp.domain.gates import gate_findings
from govapp.domain.measures import CHOSEN, entered_later, required_parts
from govapp.domain.money import from_minor
from govapp.domain.permissions import PARTS
from govapp.domain.rules import Rules
from govapp.domain.snapshot import Snapshot
from govapp.jobs._gather_branch import colour_of
from govapp.jobs._gather_clocks import ClocksThen, clocks_then
from govapp.jobs._gather_closing import closing_shown, plan_changes_shown
from govapp.jobs._gather_figures import checks_shown, kpis_shown, reports_shown
from govapp.jobs._gather_history import history_shown
from govapp.jobs._gather_money import effects_shown, measure_money
from govapp.jobs._gather_reviews import reviews_shown, waits_shown
from govapp.jobs._gather_statuses import statuses_then
from govapp.present import dates, money
from govapp.present import measures as words
from govapp.present.dossiers import plan_shown
from govapp.present.evidence import describe
from govapp.present.findings import detail_sentence, rule_sentence, stage_name
from govapp.present.language import gettext as _
from govapp.present.status_words import computed_view
from govapp.reports import dossier_data as paper
from govapp.reports.dossier_data import DossierData, Fact
from govapp.reports.paper import LogHead
from govapp.services._report_rights import Reach
from govapp.services._report_snapshot import People, name_of, people_in, snapshot_at, values_at

TEXTS = ("problem", "expected_effect", "description")


@dataclass(frozen=True, slots=True)
class _Context:
    session: Session
    seq: int
    today: date
    recorded: Recorded
    people: People
    others: dict[int, Row]
    snapshot: Snapshot
    rules: Rules
    organization: OrganizationThen
    clocks: ClocksThen
    then: Then | None


def dossier_data(
    session: Session, measure_id: int, seq: int, at: datetime, reach: Reach, head: LogHead, base_url: str
) -> DossierData | None:
    """The dossier; sections beyond the reach stay empty. None when the measure was not on record then."""
    rows = kept(session, seq, "measure", lambda t: t.c.id == measure_id)
    if not rows:
        return None
    context, branch = _context(session, rows, seq, at)
    measure, rules, snapshot = context.recorded.measure, context.rules, context.snapshot
    sees = {"evidence", "finance", "reviews"} if reach.whole else set(reach.sections)
    following = rules.next_stage(snapshot.stage) if snapshot.state in {"active", "proposed"} else None
    values = values_at(context.recorded) if "finance" in sees else {}
    return DossierData(
        key=measure["key"],
        title=measure["title"],
        organization=context.organization.name,
        branch_path=" › ".join(branch_names(session, seq, branch["path"])),
        stage=stage_name(rules, snapshot.stage) if snapshot.stage else "",
        state="archived" if measure["archived"] else measure["state"],
        rules=_("%(name)s, version %(n)s", name=rules.name, n=rules.version),
        as_of=at,
        zone=context.organization.timezone,
        log_head=head,
        implementation=_status(context, "implementation"),
        potential=_status(context, "potential"),
        values=tuple((code, from_minor(minor, code)) for code, minor in sorted(values.items())),
        facts=_facts(context),
        texts=tuple(Fact(words.word("field", name), measure[name]) for name in TEXTS if measure[name]),
        parts=_parts(context),
        waits=waits_shown(context.recorded, rules, context.people, context.clocks)
        if "reviews" in sees
        else (),
        next_stage=stage_name(rules, following) if following else "",
        findings=_findings(context, following),
        reviews=reviews_shown(context.recorded, rules, context.people, context.clocks)
        if "reviews" in sees
        else (),
        conditions=_conditions(context) if "reviews" in sees else (),
        effects=effects_shown(session, seq, context.recorded, rules) if "finance" in sees else (),
        plan_shown=plan_shown(
            {"version": context.recorded.plan_number, "draft": not context.recorded.plan_number}
        ),
        money=measure_money(session, seq, measure_id, context.organization, rules, context.today)
        if "finance" in sees
        else None,
        closing=closing_shown(session, seq, context.recorded, rules, context.then)
        if "finance" in sees
        else None,
        plan_changes=plan_changes_shown(session, seq, measure_id, rules, context.organization.timezone)
        if "finance" in sees
        else (),
        milestones=_milestones(context),
        dependencies=_dependencies(context),
        risks=_risks(context),
        evidence=_evidence(context) if "evidence" in sees else (),
        history=history_shown(session, measure_id, seq, rules),
        kpis=kpis_shown(session, seq, measure_id, rules, context.organization.timezone),
        checks=checks_shown(session, seq, measure_id),
        status_reports=reports_shown(session, seq, measure_id),
        unseen=tuple(sorted({"evidence", "finance", "reviews"} - sees)),
        base_url=base_url,
    )


def _context(session: Session, rows: list[Row], seq: int, at: datetime) -> tuple[_Context, Row]:
    recorded = record_of(session, seq, rows, full=True)[rows[0]["id"]]
    measure = recorded.measure
    organization = organization_at(session, seq, measure["organization_id"])
    branch = kept(session, seq, "branch", lambda t: t.c.id == measure["branch_id"])[0]
    on = [row["on_measure_id"] for row in recorded.dependencies]
    others = {row["id"]: row for row in kept(session, seq, "measure", lambda t: t.c.id.in_(on))}
    people = names_at(
        session, seq, people_in(recorded) | ({measure["created_by"]} if measure["created_by"] else set())
    )
    rules = rules_for(session, measure["workflow_version_id"])
    used = {measure["workflow_version_id"]: rules}
    then = figures_then(session, seq, organization, {measure["id"]: recorded}, used).get(measure["id"])
    snapshot = snapshot_at(recorded, people, others, organization.currency, branch["kind"])
    context = _Context(
        session=session,
        seq=seq,
        today=at.astimezone(ZoneInfo(organization.timezone)).date(),
        recorded=recorded,
        people=people,
        others=others,
        then=then,
        snapshot=then.within(snapshot) if then else snapshot,
        rules=rules,
        organization=organization,
        clocks=clocks_then(session, seq, at, organization.id, organization.timezone, [recorded]),
    )
    return context, branch


def _status(context: _Context, kind: str) -> paper.Status:
    said = statuses_then(
        context.recorded, context.rules, context.snapshot, context.then, context.clocks, context.today
    )[kind]
    if said.declared is not None:
        who = name_of(context.people, said.declared["person_id"])
        return paper.Status(colour_of(said.colour), said.declared["reason"], who, said.declared["from_day"])
    lapsed = ""
    if said.lapsed is not None and said.lapsed["until_day"] is not None:
        until = min(said.lapsed["until_day"], context.today)
        lapsed = _("the declaration lapsed on %(day)s", day=dates.day(until))
    if said.computed is None:
        who = name_of(context.people, said.lapsed["person_id"]) if said.lapsed else ""
        return paper.Status("none", lapsed, who, said.lapsed["from_day"] if said.lapsed else None)
    view = computed_view(context.rules, kind, said.kept())
    reasons = [" ".join(part for part in (each.says, each.detail) if part) for each in view.reasons]
    return paper.Status(colour_of(said.colour), "; ".join([*reasons, *([lapsed] if lapsed else [])]))


def _facts(context: _Context) -> tuple[Fact, ...]:
    measure, currency = context.recorded.measure, context.organization.currency
    chosen_names = choice_names(context.session, context.seq, context.organization.id)
    found: list[tuple[str, str]] = [
        (words.word("field", name), str(chosen_names.get((chosen, measure[name]), measure[name])))
        for name, chosen in CHOSEN.items()
        if measure[name]
    ]
    if measure["vendor_spend"] is not None:
        found.append(
            (words.word("field", "vendor_spend"), money.minor_amount(measure["vendor_spend"], currency))
        )
    if measure["steering_committee"]:
        found.append(
            (words.word("field", "steering_committee"), measure["steering_committee"].replace("-", " "))
        )
    if measure["change_type"]:
        found.append((words.word("field", "change_type"), words.word("change_type", measure["change_type"])))
    rating = words.word("rating", measure["risk_rating"])
    secure = _(", security relevant") if measure["security_relevant"] else ""
    found.append((words.word("field", "risk_rating"), rating + secure))
    if measure["external_key"]:
        found.append(
            (words.word("field", "external_key"), f"{measure['external_key']} ({measure['external_source']})")
        )
    if measure["opened_at_stage"]:
        stage = stage_name(context.rules, measure["opened_at_stage"])
        found.append(
            (_("Gate record"), _("opened at %(stage)s by import, no gate record before", stage=stage))
        )
    by = name_of(context.people, measure["created_by"]) or _("import")
    found.append((_("Proposed"), f"{dates.day(measure['created_at'], context.organization.timezone)}, {by}"))
    return tuple(Fact(label, value) for label, value in found)


def _parts(context: _Context) -> tuple[paper.PartHeld, ...]:
    held = {row["part"]: name_of(context.people, row["person_id"]) for row in context.recorded.parts}
    needed = required_parts(context.rules, context.snapshot.stage)
    return tuple(paper.PartHeld(part, held.get(part, "")) for part in PARTS if part in held or part in needed)


def _findings(context: _Context, following: str | None) -> tuple[paper.Finding, ...]:
    if following is None:
        return ()
    found = gate_findings(context.rules, context.rules.gates[following], context.snapshot, context.today)
    return tuple(
        paper.Finding(
            (f.wording or rule_sentence(f, context.rules)).rstrip("."),
            f.met,
            detail_sentence(f, context.rules),
        )
        for f in found
    )


def _conditions(context: _Context) -> tuple[paper.Condition, ...]:
    return tuple(
        paper.Condition(
            row["wording"],
            name_of(context.people, row["owner_id"]),
            row["due"],
            bool(row["blocking"]),
            row["state"],
        )
        for row in context.recorded.conditions
    )


def _milestones(context: _Context) -> tuple[paper.Milestone, ...]:
    rows = sorted(
        context.recorded.milestones,
        key=lambda r: (r["plan_date"] is None, r["plan_date"] or date.max, r["id"]),
    )
    return tuple(
        paper.Milestone(
            row["name"], name_of(context.people, row["owner_id"]), row["plan_date"], row["first_plan_date"],
            row["forecast_date"], row["actual_date"],
            entered_later(row["actual_date"], row["actual_at"], context.organization.timezone),
        )
        for row in rows
    )  # fmt: skip


def _dependencies(context: _Context) -> tuple[paper.Dependency, ...]:
    found = []
    for row in context.recorded.dependencies:
        other = context.others.get(row["on_measure_id"])
        if other is None:
            continue
        rules = rules_for(context.session, other["workflow_version_id"])
        now = stage_name(rules, other["stage"])
        reached = other["state"] != "cancelled" and rules.reached(other["stage"], row["stage"])
        needs = stage_name(rules, row["stage"])
        found.append(paper.Dependency(other["key"], other["title"], needs, now, reached))
    return tuple(found)


def _risks(context: _Context) -> tuple[paper.Risk, ...]:
    rows = sorted(
        context.recorded.risks, key=lambda r: (not r["open"], -r["likelihood"] * r["impact"], r["id"])
    )
    return tuple(
        paper.Risk(
            row["text"], words.word("rating", row["rating"]).lower(), row["likelihood"], row["impact"],
            name_of(context.people, row["owner_id"]), row["response"] or "", bool(row["blocking"]), bool(row["open"]),
        )
        for row in rows
    )  # fmt: skip


def _evidence(context: _Context) -> tuple[paper.EvidencePiece, ...]:
    rows = context.recorded.newest_evidence()
    files = files_of(context.session, [row["id"] for row in rows])
    kinds = {row["id"]: EvidenceKind.from_dict(row["definition"]) for row in rows}
    people = names_at(context.session, context.seq, _people_named(rows, kinds))
    names = {i: row["name"] for i, row in people.items()}
    return tuple(_piece(context, row, kinds[row["id"]], names, files.get(row["id"], [])) for row in rows)


def _people_named(rows: Iterable[Row], kinds: dict[int, EvidenceKind]) -> set[int]:
    """Ids of people whom values name."""
    return {
        int(value)
        for row in rows
        for spec in kinds[row["id"]].fields
        if spec.type == "person" and isinstance(value := row["values"].get(spec.name), int)
    }


def _piece(
    context: _Context, row: Row, kind: EvidenceKind, names: dict[int, str], files: list[Row]
) -> paper.EvidencePiece:
    fact = next(f for f in context.snapshot.evidence if f.revision_id == row["id"])
    why = counts(fact, context.rules, context.snapshot, context.today)
    state = why if why in {"expired", "returned"} else (row["judged"] or "valid")
    several = row["piece"] > 1
    shown = [value for value in describe(kind, row["values"], names) if not value.files]
    return paper.EvidencePiece(
        kind=kind.name,
        title=f"{kind.name} {row['piece']}" if several else kind.name,
        revision=row["number"],
        state=state,
        submitter=name_of(context.people, row["person_id"]),
        submitted_at=row["at"],
        digest=row["digest"],
        kind_version=row["kind_version"],
        on_behalf_of=name_of(context.people, row["on_behalf_of"]),
        effective=row["effective_on"],
        valid_until=row["valid_until"],
        judged_by=name_of(context.people, row["judged_by"]),
        judged_reason=row["judged_reason"] or "",
        values=tuple(Fact(value.label, value.text) for value in shown),
        files=tuple(paper.EvidenceFile(f["name"], f["size"], f["digest"]) for f in files),
    )
