"""The tree's kinds and what a key may look like (product.md, Words: Structure)."""

import re

from govapp.domain.money import CURRENCIES

KINDS = ("organization", "portfolio", "program", "project", "measure_package")
LISTS = ("business_units", "legal_entities", "functions", "services", "request_categories", "vendors")
LONGEST_NAME = 200
LONGEST_KEY = 40

_KEY = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{0,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # with what turns text around


def may_lie_under(kind: str, above: str) -> bool:
    """True when a branch of `kind` may lie under one of kind `above`: any higher kind; levels may be skipped."""
    return kind in KINDS and above in KINDS and KINDS.index(above) < KINDS.index(kind)


def key_fault(key: str) -> str:
    """Why a branch's key cannot be used: '' or key_malformed."""
    return "" if len(key) <= LONGEST_KEY and _KEY.fullmatch(key) else "key_malformed"


def prefix_fault(prefix: str) -> str:
    """Why a prefix of measure keys cannot be used: '' or prefix_malformed (capitals and digits, at most ten)."""
    return "" if _PREFIX.fullmatch(prefix) else "prefix_malformed"


def currency_fault(code: str) -> str:
    """Why a currency code cannot be used: '' or currency_malformed (no code of ISO 4217)."""
    return "" if code in CURRENCIES else "currency_malformed"


def name_fault(name: str) -> str:
    """Why a name cannot be kept: '', required, too_long or control_characters."""
    if not name:
        return "required"
    if len(name) > LONGEST_NAME:
        return "too_long"
    return "control_characters" if _CONTROL.search(name) else ""


def key_from(name: str) -> str:
    """A key made of a name's letters and digits, for branches added without one."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(words)[:LONGEST_KEY].strip("-") or "branch"
