"""Numbers in addresses: what no row can bear is an unknown address, on every route, never an error of the database."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from govapp.web._numbers import LARGEST, whole
from tests.browser_client import GovappClient
from tests.cast import Cast

HUGE = ("9" * 20, "9" * 5000, str(LARGEST + 1), "٣")


@pytest.mark.parametrize("text", ["", None, "-1", "1.0", " 1", *HUGE])
def test_what_is_no_row_number_is_none(text: str | None):
    assert whole(text) is None


def test_numbers_of_rows_are_read():
    assert [whole(text) for text in ("0", "7", str(LARGEST))] == [0, 7, LARGEST]


def _numbered(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]


@pytest.mark.parametrize("huge", HUGE)
def test_a_huge_number_in_an_address_is_not_found(app: Flask, client: GovappClient, cast: Cast, huge: str):
    client.sign_in(cast.administrator)
    assert len(_numbered(app)) > 20
    for rule in _numbered(app):
        address = rule.rule
        for name in rule.arguments:
            address = address.replace(f"<int:{name}>", huge).replace(f"<{name}>", "1")
        get = "GET" in (rule.methods or ())
        answer = client.get(address) if get else client.submit(address)
        # 405 where an address of words has the same shape and is only read
        assert answer.status_code in ({404} if get else {404, 405}), address


@pytest.mark.parametrize("after", ["9" * 11 + "-1", "1-" + "9" * 30, "-", "1-x"])
def test_a_column_goes_on_after_a_card_or_is_not_found(client: GovappClient, cast: Cast, after: str):
    client.sign_in(cast.lead)
    assert client.get(f"/board/cards?stage=defined&after={after}").status_code == 404
    assert client.get(f"/board/changes?since={after}").status_code in {200, 204}
    assert client.get(f"/board?workflow={after}&owner={after}").status_code == 200
