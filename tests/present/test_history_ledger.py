"""What the history says about confirmed amounts and claims."""

from govapp.domain.events import Event
from govapp.present.history import Names, sentence


def said(event: Event, **payload) -> str:
    return sentence(str(event), payload, Names())


def test_amounts_confirmed_are_added_up_by_currency_and_the_first_few_are_named():
    rows = [[1, f"2026-0{month}-01", 100_00 * month, "EUR", 0, 100_00 * month] for month in range(1, 6)]
    found = said(Event.AMOUNTS_CONFIRMED, rows=rows, reason="")
    assert (
        found
        == "5 amounts confirmed, EUR 1,500 (Jan 2026 EUR 100, Feb 2026 EUR 200, Mar 2026 EUR 300, 2 more)"
    )


def test_a_refusal_says_why_and_with_which_document():
    found = said(Event.AMOUNTS_REFUSED, rows=[[1, None, -5, "EUR"]], reason="No invoice.", document="a.pdf")
    assert found == "1 amount refused (undated EUR \N{MINUS SIGN}0.05): No invoice. (document: a.pdf)"


def test_what_was_taken_back_is_a_confirmation_or_leakage():
    rows = [[1, "2026-08-01", -100, "EUR", 100, 0]]
    assert said(Event.CONFIRMATION_REVERSED, rows=rows, reason="Wrong month.", reverses="confirmation") == (
        "Confirmation taken back (Aug 2026 EUR \N{MINUS SIGN}1): Wrong month."
    )
    assert said(Event.CONFIRMATION_REVERSED, rows=rows, reason="", reverses="leakage").startswith(
        "Leakage taken"
    )
    assert said(Event.LEAKAGE_BOOKED, rows=rows, reason="Licences came back.").startswith(
        "Leakage booked (Aug 2026"
    )


def test_months_excepted_and_cost_objects_and_splits_have_their_words():
    assert said(Event.MONTHS_EXCEPTED, rows=[[1, "2026-08-01", None, "EUR"]], reason="Late.") == (
        "1 month without an amount excepted (Aug 2026): Late."
    )
    changes = {"yearly_cost": [None, 24_000_000]}
    assert said(Event.COST_OBJECT_SET, key="CT-2207", changes=changes, currency="EUR") == (
        "Cost object CT-2207 set, yearly cost EUR 240,000"
    )
    shares = {"M-151": 11_400_000, "M-113": 12_600_000}
    found = said(
        Event.CLAIMS_SPLIT, cost_object="CT-2207", shares=shares, reason="As agreed.", currency="EUR"
    )
    assert found == "Claims on CT-2207 split: M-113 EUR 126,000, M-151 EUR 114,000: As agreed."
    assert (
        said(Event.CLAIMS_SPLIT, cost_object="CT-2207", shares={}, reason="x")
        == "Split of claims on CT-2207 ended: x"
    )
