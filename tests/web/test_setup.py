"""The first start on an empty database."""

import re

import pytest

from govapp.domain.errors import Refused
from govapp.services.setup import make_setup_token
from tests.browser_client import GovappClient
from tests.cast import SYSTEM, Cast

ADA = {"name": "Ada Byron", "email": "ada@example.test", "password": "tin lamp over river"}
ORGANIZATION = {
    "name": "Halden Group",
    "key": "halden",
    "currency": "eur",
    "fiscal_month": "4",
    "timezone": "Europe/Oslo",
    "key_prefix": "M",
}


@pytest.fixture
def fresh(empty_app) -> GovappClient:
    return empty_app.test_client()


def begin(fresh: GovappClient) -> None:
    assert fresh.submit("/setup", ADA | {"token": make_setup_token(SYSTEM)}).status_code == 303


def test_every_page_of_an_empty_database_leads_to_the_first_steps(fresh: GovappClient) -> None:
    for address in ("/account", "/admin/people", "/sign-in"):
        assert fresh.get(address).headers["Location"] == "/setup"
    assert "One-time token" in fresh.get("/setup").text and fresh.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"token": "guess"}, "not valid"),
        ({"email": "x"}, "looks like"),
        ({"password": "password1"}, "tried first"),
    ],
)
def test_r22_nobody_becomes_administrator_without_token_and_good_password(fresh, wrong, word) -> None:
    answer = fresh.submit("/setup", ADA | {"token": make_setup_token(SYSTEM)} | wrong)
    assert answer.status_code == 422 and word in answer.text and "tin lamp" not in answer.text


def test_r22_the_token_works_once(fresh: GovappClient) -> None:
    token = make_setup_token(SYSTEM)
    assert fresh.submit("/setup", ADA | {"token": token}).status_code == 303
    other = fresh.application.test_client()
    assert other.submit("/setup", ADA | {"token": token, "email": "eve@example.test"}).status_code == 403
    with pytest.raises(Refused):
        make_setup_token(SYSTEM)


def test_a_newer_token_ends_the_older(fresh: GovappClient) -> None:
    old = make_setup_token(SYSTEM)
    make_setup_token(SYSTEM)
    assert fresh.submit("/setup", ADA | {"token": old}).status_code == 422


def test_the_steps_lead_from_nothing_to_a_program_and_can_be_left(fresh: GovappClient) -> None:
    begin(fresh)
    assert fresh.get("/admin").headers["Location"] == "/setup"
    bad = fresh.submit("/setup/organization", ORGANIZATION | {"currency": "euro", "key": "Halden Group"})
    assert bad.status_code == 422 and 'value="Halden Group"' in bad.text
    assert fresh.submit("/setup/organization", ORGANIZATION).status_code == 303
    assert fresh.submit("/setup/workflow").status_code == 303
    away = fresh.application.test_client()
    assert away.get("/setup").status_code == 303
    away.submit("/sign-in", {"email": ADA["email"], "password": ADA["password"]})
    assert "Name of the program" in away.get("/setup").text
    assert away.submit("/setup/program", {"name": "Service Desk 2027"}).status_code == 303
    assert "Add people" in fresh.get("/setup").text
    assert fresh.submit("/setup/done").status_code == 303
    assert "Everything is ready" in fresh.get("/setup").text
    assert re.search(r"Administrator.*Halden Group", fresh.get("/account").text, re.DOTALL)


def test_the_steps_cannot_be_taken_twice_or_by_others(client: GovappClient, cast: Cast) -> None:
    for person in (cast.administrator, cast.owner):
        client.sign_in(person)
        assert client.submit("/setup/organization", ORGANIZATION).status_code == 403
    assert client.submit("/setup", ADA | {"token": "x"}).status_code == 403
    assert client.submit("/setup/workflow").status_code == 403
    assert client.submit("/setup/program", {"name": "Mine"}).status_code == 403
