"""A confirmation of a closed month that was taken back: the ledger says who enters the new amount and asks them."""

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.notices import Notice
from govapp.domain.errors import Invalid, Refused
from govapp.services.late_entries import AskLateEntry, ask_late_entry
from tests.confirming import close_month, confirm, enter, ledger, make_line, month, reverse
from tests.factories import make_measure


@pytest.fixture
def reopened(client, cast):
    """A measure whose confirmation of a closed month was taken back by its controller, and the line."""
    key = make_measure(cast, "detailed")
    line = make_line(cast, key, {"2026-05": 1000})
    enter(cast, key, line, {"2026-05": 900})
    confirm(cast.controller, line, "2026-05")
    close_month("2026-05")
    reverse(cast.controller, ledger(key)[0].id)
    return key, line


def asked():
    with reading() as session:
        rows = session.scalars(select(Notice).where(Notice.kind == "amount_asked"))
        return {(row.person_id, row.payload["line"], row.payload["month"]) for row in rows}


def test_the_ledger_says_who_enters_the_new_amount_and_who_confirms_it_then(client, cast, reopened):
    key, line = reopened
    page = client.sign_in(cast.finance).get(f"/measures/{key}/finance/ledger")
    shown = page.text[page.text.index('id="open-again"') : page.text.index('id="le"')]
    assert f'data-open-again="{line}"' in shown
    assert "The month is closed" in shown
    assert cast.controller.name in shown
    assert "EUR 900" in shown
    assert "/finance/confirmations" not in shown, "who does not confirm here is led nowhere"
    fields = {"line": str(line), "month": "2026-05"}
    answer = client.submit(f"/measures/{key}/finance/ledger/asks", fields)
    assert answer.status_code == 303
    assert (cast.controller.id, "Fewer calls", "2026-05") in asked()
    again = client.submit(f"/measures/{key}/finance/ledger/asks", fields)
    assert again.status_code == 422, "the same people are not asked twice within four hours"
    notices = client.sign_in(cast.controller).get("/notices").text
    assert (
        f"{cast.finance.name} asks you for the actual amount of Fewer calls, May 2026, on {key}." in notices
    )


def test_nobody_is_asked_for_an_amount_that_is_not_open_again_nor_by_who_only_reads(client, cast, reopened):
    key, line = reopened
    with pytest.raises(Invalid):
        ask_late_entry(AskLateEntry(key, line, month("2026-04"), cast.finance.origin))
    with pytest.raises(Refused):
        ask_late_entry(AskLateEntry(key, line, month("2026-05"), cast.auditor.origin))
    confirm(cast.controller, line, "2026-05")
    assert 'id="open-again"' not in client.sign_in(cast.finance).get(f"/measures/{key}/finance/ledger").text
    with pytest.raises(Invalid):
        ask_late_entry(AskLateEntry(key, line, month("2026-05"), cast.finance.origin))
    assert asked() == set()
