"""What closing proves of money, worked by hand."""

from govapp.domain.closure import Proven, proof_lines, proof_sums
from govapp.domain.snapshot import LineFact

SAVING = LineFact(
    1, "Fewer calls", "ebitda", "recurring", currency="EUR", plan=(("2026-01", 1_000), ("2026-02", 1_000)),
    actual=(("2026-01", 900, "confirmed"), ("2026-02", 800, "refused"), ("2026-03", 50, "awaits")),
    due=("2026-01", "2026-02", "2026-03", "2026-04"), excepted=("2026-04",),
)  # fmt: skip
COST = LineFact(
    2,
    "Form",
    "ebitda",
    "one_off",
    currency="EUR",
    plan=(("", -500),),
    actual=(("", -480, "confirmed"),),
    due=("",),
)
POSTS = LineFact(3, "Posts", "fte", "recurring", plan=(("2026-01", 5_000),))


def test_a_line_shows_its_sums_and_what_became_of_its_due_months():
    saving, cost, _posts = proof_lines([SAVING, COST, POSTS], {1: (850, 50), 2: (-480, 0)})
    assert saving.sums == Proven(2_000, 1_750, 850, 50)
    assert (saving.due, saving.open, saving.refused, saving.excepted) == (
        4,
        ("2026-03",),
        ("2026-02",),
        ("2026-04",),
    )
    assert (cost.sums, cost.open) == (Proven(-500, -480, -480, 0), ())


def test_gross_one_off_and_net_are_added_within_a_kind_and_currency_only():
    lines = proof_lines([SAVING, COST, POSTS], {1: (850, 50), 2: (-480, 0)})
    assert [(each.kind, each.of, each.sums) for each in proof_sums(lines)] == [
        ("ebitda", "recurring", Proven(2_000, 1_750, 850, 50)),
        ("ebitda", "one_off", Proven(-500, -480, -480, 0)),
        ("ebitda", "net", Proven(1_500, 1_270, 370, 50)),
    ]


def test_a_single_line_is_its_own_sum():
    assert proof_sums(proof_lines([SAVING], {})) == []
