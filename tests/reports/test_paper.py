"""Hashes and text: what a report is made of before it is laid out."""

from dataclasses import replace
from decimal import Decimal

import pytest

from govapp.reports.paper import LONGEST_TEXT, content_hash, for_paper, paper_text
from tests.reports.sample_reports import sample_branch, sample_dossier


def test_the_content_hash_follows_the_data_and_not_the_address() -> None:
    data = sample_dossier()
    first = content_hash("dossier", data)
    assert len(first) == 64
    assert content_hash("dossier", replace(data, base_url="https://elsewhere.example")) == first
    assert content_hash("dossier", replace(data, title="Other")) != first
    assert content_hash("branch", data) != first


def test_equal_amounts_hash_alike_however_written() -> None:
    a, b = (sample_branch(1, stages=(), measures=(), waits=(), rules=str(n)) for n in (1, 1))
    assert content_hash("branch", a) == content_hash("branch", b)
    one, two = (sample_dossier(values=(("EUR", Decimal(text)),)) for text in ("880000", "880000.00"))
    assert content_hash("dossier", one) == content_hash("dossier", two)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot hold float"):
        content_hash("dossier", sample_dossier(values=(("EUR", 0.1),)))


def test_control_characters_and_stray_turns_are_dropped() -> None:
    assert paper_text("a\x00b\x07c\u202ed\ud800") == "abcd"
    assert paper_text("a\nb\tc") == "a\nb\tc"


def test_text_from_right_to_left_is_isolated() -> None:
    assert paper_text("محمد") == "\u2068محمد\u2069"
    assert paper_text("Ελένη 山田") == "Ελένη 山田"


def test_r39_text_is_bounded_and_says_what_was_cut() -> None:
    text = paper_text("word " * 10_000)
    assert len(text) < LONGEST_TEXT + 100
    assert text.endswith("… [38,000 characters more, see the application]")


def test_r39_endless_words_get_places_to_break() -> None:
    pieces = paper_text("x" * 500).split("\u200b")
    assert "".join(pieces) == "x" * 500
    assert max(map(len, pieces)) <= 25
    assert paper_text("e835d9008b3fee8e4af3fa7ab272da103768dfb2a53fc73e0e2bc618f170bc08").count("\u200b") == 0


def test_every_text_of_a_report_is_made_fit() -> None:
    shown = for_paper(sample_branch(2, name="a\x00b"))
    assert shown.name == "ab"
    assert shown.base_url == "https://govapp.example"
