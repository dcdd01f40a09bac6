"""Reports filled as real ones are: long titles, many scripts, every list in use."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from govapp.present.closure import ProofRow
from govapp.present.finance_charts import YearPoints
from govapp.present.plan_differences import ChangeRow, PlanDifference, TotalRow
from govapp.reports import branch as b
from govapp.reports import closing_data as c
from govapp.reports import dossier_data as d
from govapp.reports import money_data as mo
from govapp.reports.paper import LogHead

AS_OF = datetime(2026, 10, 31, 18, 0, tzinfo=UTC)
HEAD = LogHead(48211, "ba3d914f7236c0fe42e314f5d7a028f1558f5b76c0e9203a2a30602dabd52597")
BASE = "https://govapp.example"
PEOPLE = (
    "Agnieszka Kowalska",
    "Dr Anders Holm",
    "Ελένη Παπαδοπούλου",
    "محمد الفارسي",
    "Հայկ Պետրոսյան",
    "Lars Ström",
    "Kwame Mensah",
    "Mariana de Oliveira e Castro",
    "ნინო ბერიძე",
    "Владимир Греков",
)
TITLES = (
    "Server hall B decommissioned",
    "Password resets by self-service for all staff, including warehouses, shops and the two sites abroad",
    "Retire file servers in 14 branches",
    "Weekend cover from the Lisbon desk",
    "Single sign-on for the last 60 applications that still keep local passwords",
    "One telephony contract",
    "Εξορθολογισμός αδειών λογισμικού",
    "توحيد مكاتب الخدمة",
    "Каталог услуг объединён, стандартные изменения автоматизированы",
    "Office licences by role",
)
STAGES = ("Defined", "Identified", "Detailed", "Decided", "Implemented", "Closed")
BRANCHES = ("Data centres", "Workplace", "Access and identity", "")
DIGEST = "e835d9008b3fee8e4af3fa7ab272da103768dfb2a53fc73e0e2bc618f170bc08"


def person(n: int) -> str:
    """The n-th person, round and round."""
    return PEOPLE[n % len(PEOPLE)]


def sample_measures(count: int) -> tuple[b.MeasureRow, ...]:
    """Rows of the table of all measures."""
    return tuple(_measure(n) for n in range(count))


def _measure(n: int) -> b.MeasureRow:
    waits: tuple[b.Wait, ...] = ()
    if n % 3 == 0:
        since = AS_OF - timedelta(days=(n * 7) % 44, hours=5)
        what = ("business acceptance", "risk review", "budget approval", "steering committee")[n % 4]
        waits = (b.Wait(what, (person(n + 2),), since, 80),)
    return b.MeasureRow(
        key=f"M-{100 + n}",
        title=TITLES[n % len(TITLES)],
        owner=person(n),
        stage=STAGES[(n * 5) % 6],
        state="on_hold" if n % 17 == 4 else "active",
        implementation=("green", "green", "amber", "red", "none")[n % 5],
        potential=("green", "amber", "green", "none")[n % 4],
        values=(("EUR", Decimal((n * 37337) % 900_000 - 20_000)),) if n % 7 else (),
        waits=waits,
        branch=BRANCHES[n % 4],
    )


def sample_money() -> mo.MoneyShown:
    """Money with all of its parts: two kinds, three years, a year with its curve, and the way to confirmed."""
    days = tuple(date(2026, n, 1) for n in range(1, 13))
    plan = tuple(n * 1_000_000 for n in range(-4, 8))
    added = tuple(sum(plan[: n + 1]) for n in range(12))
    come = tuple(each - 150_050 for each in plan)
    series = (("plan", plan), ("forecast", come), ("actual", come), ("confirmed", (*come[:9], 0, 0, 0)))
    totals = (("plan", added), ("forecast", added), ("actual", added), ("confirmed", added))
    row = (
        "880,000.00",
        "1,200,000.00",
        "1,100,000.00",
        "1,050,000.00",
        "990,000.00",
        "412,350.00",
        "345,000.00",
    )
    return mo.MoneyShown(
        currency="EUR",
        plan="Plan: version 2, frozen on 3 Mar 2026; first plan: version 1, frozen on 7 Jan 2026.",
        basis="In EUR: plan and target at the plan rate they were frozen with.",
        kinds=(mo.MoneyRow("Savings", *row), mo.MoneyRow("Cost avoidance", *row)),
        years=tuple(mo.MoneyRow(name, *row) for name in ("Undated", "2026", "2027")),
        period="the whole life",
        way=(120_000_000, 105_000_000, 99_000_000, 41_235_000, 34_500_000),
        points=YearPoints("EUR", days, 10, 10, series, totals),
        lacking=("There is no actual rate of USD for Oct 2026.",),
    )


def sample_branch(count: int = 60, **changes: object) -> b.BranchData:
    """A portfolio with `count` measures."""
    measures = tuple(sorted(sample_measures(count), key=lambda m: STAGES.index(m.stage)))
    stages = tuple(
        b.StageRow(
            name,
            sum(m.stage == name for m in measures),
            sum(m.stage == name and m.state == "on_hold" for m in measures),
            (("EUR", sum((v for m in measures if m.stage == name for _, v in m.values), Decimal(0))),),
        )
        for name in STAGES
    )
    groups = []
    for whom in sorted({name for m in measures for w in m.waits for name in w.whom}):
        rows = [
            b.WaitingMeasure(m.key, m.title, w.what, w.since, w.hours)
            for m in measures
            for w in m.waits
            if whom in w.whom
        ]
        groups.append(b.WaitGroup(whom, tuple(rows)))
    filled: dict[str, object] = {
        "name": "IT Service Operations",
        "organization": "Nordhaven Group",
        "branch_path": "Nordhaven Group › IT Service Operations",
        "rules": "Service team, version 1",
        "as_of": AS_OF,
        "zone": "Europe/Berlin",
        "log_head": HEAD,
        "stages": stages,
        "measures": measures,
        "waits": tuple(groups),
        "partial": True,
        "frozen_from": "Decided",
        "money": sample_money(),
        "base_url": BASE,
    }
    return b.BranchData(**{**filled, **changes})  # type: ignore[arg-type]  # changes are chosen by each test


def sample_dossier(pieces: int = 13, entries: int = 60, **changes: object) -> d.DossierData:
    """A measure late in its life with everything on record."""
    filled: dict[str, object] = {
        "key": "M-132",
        "title": "Server hall B decommissioned, racks moved to hall A and the lease handed back",
        "organization": "Nordhaven Group",
        "branch_path": "IT Service Operations › Data centres › Hall B",
        "stage": "Detailed",
        "state": "active",
        "rules": "Service team, version 1",
        "as_of": AS_OF,
        "zone": "Europe/Berlin",
        "log_head": HEAD,
        "implementation": d.Status("amber", "Survey came 9 working days late", person(0), date(2026, 10, 22)),
        "potential": d.Status("green", "Forecast equals estimate"),
        "values": (("EUR", Decimal(880_000)), ("GBP", Decimal(-12_400))),
        "money": sample_money(),
        "facts": (
            d.Fact("Service", "Data centre hosting"),
            d.Fact("Business unit", "Infrastructure"),
            d.Fact("Risk rating", "high"),
            d.Fact("Change type", "normal"),
            d.Fact("External key", "PPM-2031 (project register)"),
        ),
        "texts": (
            d.Fact("Problem", "Hall B runs at 18 % of its load.\nThe lease ends on 31 March 2027."),
            d.Fact("Expected effect", "Lease, power and hands on site are saved from April 2027 on."),
        ),
        "parts": (
            d.PartHeld("owner", person(0)),
            d.PartHeld("sponsor", person(1)),
            d.PartHeld("controller", person(2)),
            d.PartHeld("service_owner", person(3)),
            d.PartHeld("finance_contact", ""),
        ),
        "waits": (
            d.Waiting("business acceptance", (person(3), person(4)), AS_OF - timedelta(days=18, hours=3)),
        ),
        "next_stage": "Decided",
        "findings": (
            d.Finding("Business case with file", True, "Revision 3, submitted by Agnieszka Kowalska"),
            d.Finding("Budget source named", False, "Controller or finance contact can supply it"),
            d.Finding("No open blocking risk", True),
        ),
        "reviews": tuple(_review(n) for n in range(3)),
        "conditions": (
            d.Condition("Option signed by 13 November", person(0), date(2026, 11, 13), True, "open"),
            d.Condition("Works council heard", person(1), date(2026, 9, 1), False, "met"),
        ),
        "effects": (
            d.EffectLine(
                "Lease of hall B, 1,150 m²", "EBITDA", True, "EUR", Decimal(460_000), Decimal(805_000)
            ),
            d.EffectLine(
                "Power and cooling, 570 MWh",
                "EBITDA",
                True,
                "EUR",
                Decimal(330_000),
                Decimal(578_000),
                Decimal(560_000),
                Decimal("120000.50"),
                Decimal(90_000),
            ),
            d.EffectLine(
                "Migration and clearance", "cash", False, "EUR", None, Decimal(-340_000), Decimal(-355_000)
            ),
            d.EffectLine("Hands on site", "FTE", True, "", Decimal("0.8"), Decimal("0.8")),
        ),
        "closing": _closing(),
        "plan_changes": (_plan_change(),),
        "milestones": _milestones(),
        "dependencies": (
            d.Dependency("M-127", TITLES[1], "Decided", "Implemented", True),
            d.Dependency("M-129", TITLES[7], "Implemented", "Detailed", False),
        ),
        "risks": (
            d.Risk(
                "Lease of the hall ends before the last rack is empty",
                "high",
                3,
                4,
                person(0),
                "Three-month option, to be drawn by 15 November",
                True,
            ),
            d.Risk("Two storage systems do not survive the move", "medium", 3, 3, person(2), "Copy first"),
            d.Risk(
                "Load in hall A exceeds its cooling", "low", 2, 2, person(5), "Load test done", False, False
            ),
        ),
        "evidence": tuple(_piece(n) for n in range(pieces)),
        "history": tuple(
            d.HistoryEntry(
                47_000 + n * 13,
                AS_OF - timedelta(days=200 - 3 * min(n, 60), minutes=n * 7 % 60),
                person(n),
                (
                    "Submitted business case, revision 2",
                    "Move into Decided refused: budget source is missing",
                    "Approved the step technical validation on dossier 2",
                    "Changed the forecast of two milestones",
                    "Declared implementation at risk: survey came late, racks 33 to 64 move in January",
                )[n % 5],
                person(n + 1) if n % 9 == 0 else "",
            )
            for n in range(entries)
        ),
        "base_url": BASE,
    }
    return d.DossierData(**{**filled, **changes})  # type: ignore[arg-type]  # changes are chosen by each test


def _closing() -> c.ClosingShown:
    amounts = {"plan": "805,000.00", "actual": "120,000.50", "confirmed": "90,000.00", "leaked": "−2,400.00"}
    line = ProofRow(
        "Lease of hall B, 1,150 m²",
        "EBITDA, recurring, EUR",
        amounts,
        1,
        ("off", "2 open"),
        ("Aug 2026, Sep 2026",),
    )
    rows = tuple(
        c.LedgerShown(
            n, word, "Lease of hall B, 1,150 m²", "Jul 2026", "45,000.00", booked, person(n), "", AS_OF,
            "The racks stand longer than was planned" if n else "", late=bool(n), taken_back=n + 1 if n else None,
        )
        for n, (word, booked) in enumerate((("Confirmation", "45,000.00"), ("Leakage", "−2,400.00")))
    )  # fmt: skip
    sums = c.ConfirmedShown("EUR", "92,400.00", "0.00", "0.00", "−2,400.00", "90,000.00")
    return c.ClosingShown((line, ProofRow("Net", "EBITDA, EUR", amounts)), (sums,), rows, AS_OF, 4)


def _plan_change() -> c.PlanChangeShown:
    return c.PlanChangeShown(
        2, date(2026, 9, 30), "By a change request: the lease ends later",
        PlanDifference(
            (TotalRow("Lease of hall B, 1,150 m²", "EBITDA, EUR", "", "900,000", "805,000", "−95,000"),),
            (ChangeRow("Lease of hall B, 1,150 m²", "Jan 2027", "100,000", "5,000", "−95,000"),),
            "1 line differs, 1 amount of a month",
        ),
    )  # fmt: skip


def _milestones() -> tuple[d.Milestone, ...]:
    return (
        d.Milestone(
            "Inventory and owners", person(0), date(2026, 8, 31), date(2026, 8, 31), None, date(2026, 9, 18)
        ),
        d.Milestone(
            "Asbestos survey", person(2), date(2026, 10, 9), date(2026, 9, 30), None, date(2026, 10, 22)
        ),
        d.Milestone("Lease option signed", person(0), date(2026, 10, 15), date(2026, 10, 15)),
        d.Milestone("Racks 1 to 32 moved, including the storage systems", person(4), date(2026, 12, 22)),
        d.Milestone(
            "Racks 33 to 64 moved", person(4), date(2027, 2, 26), date(2027, 1, 29), date(2027, 3, 5)
        ),
        d.Milestone("Передача зала", person(8), date(2027, 3, 31), date(2027, 3, 31)),
        d.Milestone("Lessons written down"),
    )


def _review(n: int) -> d.Review:
    at = AS_OF - timedelta(days=150 - 50 * n)
    steps = [
        d.Step(
            "Technical validation",
            "Architecture board",
            "any of 2",
            "granted",
            (
                d.Vote(
                    person(6),
                    "comment",
                    at + timedelta(days=1),
                    "",
                    "Which hall takes the tape library?",
                    "",
                    1,
                ),
                d.Vote(
                    person(5),
                    "approve",
                    at + timedelta(days=3),
                    person(6) if n == 1 else "",
                    "Load test seen.",
                    "I have reviewed the technical evidence.",
                    2,
                    n == 2,
                ),
            ),
        ),
        d.Step(
            "Budget approval",
            "Finance, infrastructure",
            "any of 3",
            "refused" if n == 1 else "granted",
            (
                d.Vote(
                    person(7),
                    "send_back" if n == 1 else "approve",
                    at + timedelta(days=5),
                    "",
                    "The one-off cost has no source." if n == 1 else "",
                    "",
                    2,
                ),
            ),
        ),
    ]
    if n == 2:
        steps.append(d.Step("Business acceptance", f"{person(3)}, {person(4)}", "all of 2", "open"))
    state = ("passed", "sent_back", "open")[n]
    ended = None if n == 2 else at + timedelta(days=6)
    reason = "The one-off cost has no source." if n == 1 else ""
    return d.Review(2310 + n, STAGES[n + 1], state, person(0), at, 2, DIGEST, ended, reason, tuple(steps))


def _piece(n: int) -> d.EvidencePiece:
    kinds = (
        "Business case",
        "Technical review form",
        "Asbestos survey",
        "Load test of hall A",
        "Rack inventory",
    )
    values = [
        d.Fact("Summary", "The hall is empty by the end of February. " * (1 + n % 3)),
        d.Fact("Amount", "EUR 340,000"),
        d.Fact("Cost centre", "4410"),
    ]
    if n == 2:
        values.append(
            d.Fact("Findings in full", "Panel by panel, nothing loose was found in the north wing. " * 60)
        )
    return d.EvidencePiece(
        kind=kinds[n % 5],
        title=f"{kinds[n % 5]} {n + 1}",
        revision=1 + n % 4,
        state=("valid", "accepted", "expired", "returned")[(n // 2) % 4],
        submitter=person(n),
        submitted_at=AS_OF - timedelta(days=90 - n),
        digest=DIGEST,
        kind_version=1,
        on_behalf_of=person(n + 1) if n == 3 else "",
        effective=date(2026, 8, 1),
        valid_until=date(2026, 11, 15) if n % 2 else None,
        judged_by=person(n + 3) if n % 2 else "",
        values=tuple(values),
        files=tuple(
            d.EvidenceFile(name, 1_204_331, DIGEST)
            for name in (
                f"business-case-{n}.pdf",
                "survey_north_wing_final_final_v12_signed_by_contractor.xlsx",
            )[: n % 3]
        ),
    )
