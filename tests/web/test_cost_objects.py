"""Cost objects, what measures claim on them, and splits, as pages."""

from decimal import Decimal

import pytest

from govapp.services.claims import SplitClaims, split_claims
from tests.confirming import confirm, cost_object, enter, make_line
from tests.factories import key_of_form, make_measure

PAGE = "/finance/cost-objects"
CALLS = {f"2026-{n:02}": "10500" for n in range(8, 13)} | {f"2027-{n:02}": "10500" for n in range(1, 13)}
PRICE = {f"2027-{n:02}": "11000" for n in range(4, 13)}


@pytest.fixture
def both(app, cast) -> tuple[str, str]:
    cost_object(cast, "CT-2207", "240000")
    one, other = make_measure(cast, "defined"), make_measure(cast, "defined")
    make_line(cast, one, CALLS, cost_object="CT-2207", run_rate=Decimal(126_000))
    make_line(cast, other, PRICE, cost_object="CT-2207", run_rate=Decimal(132_000))
    return one, other


def test_a_conflict_is_shown_with_both_measures_their_months_and_claims(client, cast, both):
    page = client.sign_in(cast.controller).get(PAGE).text
    assert 'data-overlap="exceeds"' in page
    assert "together EUR 258,000, more than it costs" in page
    assert "Aug 2026 to Dec 2027" in page
    assert "EUR 132,000" in page
    assert "EUR 240,000</td>" in page


def test_a_split_is_agreed_changed_and_ended(client, cast, both):
    client.sign_in(cast.controller)
    one, other = both
    fields = {
        "organization": "OI", "object": "CT-2207", "kind": "ebitda", "currency": "EUR", "version": "1",
        f"share-{one}": "126000", f"share-{other}": "114.000,00", "reason": "Agreed with both owners.",
    }  # fmt: skip
    too_much = fields | {f"share-{other}": "114000.01", "action_key": key_of_form()}
    refused = client.submit(f"{PAGE}/splits", too_much)
    assert refused.status_code == 422
    assert "more than this costs a year (EUR 240,000)" in refused.text
    assert client.submit(f"{PAGE}/splits", fields | {"action_key": key_of_form()}).status_code == 303
    page = client.get(PAGE).text
    assert 'data-overlap="agreed"' in page
    assert f"{other} EUR 114,000" in page
    assert client.submit(f"{PAGE}/splits", fields | {"action_key": key_of_form()}).status_code == 409
    ended = fields | {"version": "2", "end": "1", "action_key": key_of_form()}
    assert client.submit(f"{PAGE}/splits", ended).status_code == 303
    assert 'data-overlap="exceeds"' in client.get(PAGE).text


def test_a_cost_object_is_registered_and_changed_and_nonsense_is_refused_in_its_place(client, cast, app):
    client.sign_in(cast.controller)
    assert "No cost objects yet" in client.get(PAGE).text
    fields = {
        "organization": "OI", "key": "CT-9", "name": "Printer lease", "kind": "contract", "currency": "eur",
        "yearly_cost": "1e400",
    }  # fmt: skip
    assert client.submit(PAGE, fields | {"action_key": key_of_form()}).status_code == 422
    for cost in ("-1", "NaN", "1,2,3"):
        wrong = client.submit(PAGE, fields | {"yearly_cost": cost, "action_key": key_of_form()})
        assert wrong.status_code == 422
    assert (
        client.submit(PAGE, fields | {"yearly_cost": "84000,50", "action_key": key_of_form()}).status_code
        == 303
    )
    assert "EUR 84,000.50</td>" in client.get(PAGE).text
    again = {"yearly_cost": "90000", "version": "1", "action_key": key_of_form()}
    assert client.submit(PAGE, fields | again).status_code == 303
    assert client.submit(PAGE, fields | again | {"action_key": key_of_form()}).status_code == 409


def test_who_may_not_split_claims_sees_no_form_and_is_refused(client, cast, both):
    for who in (cast.leader, cast.auditor, cast.owner):
        client.sign_in(who)
        page = client.get(PAGE)
        assert page.status_code == 200
        assert "Agree a split" not in page.text
        assert client.submit(PAGE, {"organization": "OI", "key": "X"}).status_code == 403
        assert client.submit(f"{PAGE}/splits", {"organization": "OI", "object": "CT-2207"}).status_code == 403
    assert client.sign_in(cast.administrator).get(PAGE).status_code == 403


def test_measures_a_reader_may_not_see_are_counted_and_not_named(client, cast, both):
    outside = make_measure(cast, None, "service-desk")
    client.sign_in(cast.outsider)
    page = client.get(PAGE)
    assert page.status_code == 200
    for key in (*both, outside):
        assert f'href="/measures/{key}' not in page.text
    assert "claims of measures you may not see" in page.text


def test_the_list_to_confirm_warns_of_an_overlap_with_the_other_measure(client, cast, both):
    one, other = both
    line = make_line(cast, one, name="Second", cost_object="CT-2207", run_rate=Decimal(1))
    enter(cast, one, line, {"2026-08": "10"})
    page = client.sign_in(cast.controller).get("/finance/confirmations").text
    assert "Claims overlap on CT-2207" in page
    assert f'<a href="/measures/{other}"' in page
    assert confirm(cast.controller, line, "2026-08")[0].done


def test_the_number_of_statements_does_not_grow_with_objects_and_claims(client, cast, both, count_queries):
    client.sign_in(cast.controller)
    client.get(PAGE)
    with count_queries() as few:
        client.get(PAGE)
    for number in range(3):
        cost_object(cast, f"CT-{number}", "1000")
        make_line(cast, both[0], cost_object=f"CT-{number}", run_rate=Decimal(900))
        make_line(cast, both[1], cost_object=f"CT-{number}", run_rate=Decimal(900))
    with count_queries() as many:
        page = client.get(PAGE)
    assert page.text.count('data-overlap="exceeds"') == 4
    assert many.number == few.number, many.statements


def test_of_an_agreed_split_shares_of_measures_one_may_not_see_are_only_counted(client, cast, both):
    shares = dict(zip(both, (Decimal("512.34"), Decimal("487.66")), strict=True))
    split_claims(SplitClaims("OI", "CT-2207", "ebitda", shares, "Halves.", cast.controller.origin))
    assert "512.34" in client.sign_in(cast.controller).get(PAGE).text
    page = client.sign_in(cast.outsider).get(PAGE).text
    assert "2 shares of measures you may not see" in page
    for hidden in ("512.34", "487.66", *both):
        assert hidden not in page
