"""Passwords that are refused, and those that are not."""

import pytest

from govapp.domain.passwords import weakness

PERSON = ("Jonas Weber", "jonas.weber@halden.example")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("x" * 1025, "password_long"),
        ("qwertyuiop", "password_pattern"),
        ("12345678", "password_pattern"),
        ("abcabcabcabc", "password_pattern"),
        ("1qaz2wsx3edc", "password_pattern"),
        ("Password1!", "password_common"),
        ("P@ssw0rd2024", "password_common"),
        ("Sommer2026!", "password_common"),
        ("correct horse battery staple", "password_common"),
        ("govapp2026", "password_personal"),
        ("jonas.weber1", "password_personal"),
    ],
)
def test_r22_a_weak_password_is_refused_with_its_reason(password: str, code: str) -> None:
    assert weakness(password, PERSON) == code


@pytest.mark.parametrize(
    "password",
    [
        "tin lamp over river",
        "x9$kQ2!m",
        "5u8p-q2kd-w9ax-33mm",
        "ÄÖÜ straße am fluss",
        "漢字で書いた長い言葉",
        "x9$kQ2!m" * 16,
    ],
)
def test_r22_long_passwords_of_any_signs_are_taken_without_rules_about_kinds(password: str) -> None:
    assert weakness(password, PERSON) is None
