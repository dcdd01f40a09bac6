"""Approval paths in plain sentences: what chose them, who decides, who may not and why, what is wrong already."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from govapp.domain.paths import GatePath, PathStep
from govapp.domain.rules import Rules
from govapp.present.findings import part_words, stage_name
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.measures import word
from govapp.present.money import amount
from govapp.present.rule_words import either, plain, rule_words

MOST_NAMED = 8
_WORDS = {"risk_rating": "rating", "change_type": "change_type"}
_BARRED: dict[str, Callable[[], str]] = {
    "owner_votes": lambda: _("owns the measure"),
    "submitter_votes": lambda: _("handed in evidence that counts for this gate"),
    "conflicting_part": lambda: _("holds two parts that must be two people"),
    "excluded": lambda: _("holds a part that is left out here"),
    "voted_elsewhere": lambda: _("has decided another step of the open review"),
}
_SOURCES: dict[str, Callable[[], str]] = {
    "value": lambda: _(
        "the larger of one-off cost and yearly run rate of its effect lines, at the plan rate"
    ),
    "risk_rating": lambda: _("the highest open risk, or the rating chosen by hand while there is none"),
    "service_tier": lambda: _("from its service in the catalogue"),
    "vendor_spend": lambda: _("from its own page"),
}


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact the table looked at: what, its value in words, where it comes from, and the page where it is kept."""

    name: str
    value: str
    source: str
    address: str


@dataclass(frozen=True, slots=True)
class StepView:
    """A step in words."""

    key: str
    order: int
    name: str
    who: str
    how: str
    target: str
    reasons: tuple[str, ...]
    barred: tuple[str, ...]
    defect: str


@dataclass(frozen=True, slots=True)
class PathView:
    """The path into one stage."""

    into: str
    name: str
    question: str
    sentence: str
    facts: tuple[FactView, ...]
    steps: tuple[StepView, ...]
    trouble: str


def path_view(path: GatePath, rules: Rules, key: str, *, amounts: bool) -> PathView:
    """A path for its page; without the right to amounts the value is not told."""
    name = stage_name(rules, path.into)
    return PathView(
        path.into, name, rules.gates[path.into].question, _sentence(path, name),
        tuple(_fact(each, value, rules, key, amounts=amounts) for each, value in path.facts.items()),
        tuple(_step(each) for each in path.steps),
        _no_rate(path),
    )  # fmt: skip


def _sentence(path: GatePath, name: str) -> str:
    if not path.steps:
        return _(
            "The gate into %(stage)s asks for no approval: what meets its criteria moves at once.", stage=name
        )
    by_order: dict[int, list[str]] = {}
    for each in path.steps:
        by_order.setdefault(each.rule.order, []).append(each.rule.name)
    told = _(", then ").join(_(" and ").join(by_order[order]) for order in sorted(by_order))
    return _("%(first)s.", first=told)


def _no_rate(path: GatePath) -> str:
    if not path.no_rate or "value" not in path.facts:
        return ""
    return _(
        "There is no plan rate for %(currencies)s, so the value is not known; the gate stays shut until there is one.",
        currencies=either(list(path.no_rate)),
    )


_PAGES = {"value": "/finance", "risk_rating": "/risks"}


def _fact(name: str, value: Any, rules: Rules, key: str, *, amounts: bool) -> FactView:
    source = _SOURCES[name]() if name in _SOURCES else _("from its own page")
    said = _said(name, value, rules, amounts=amounts)
    return FactView(plain(name).capitalize(), said, source, f"/measures/{key}{_PAGES.get(name, '')}")


def _said(name: str, value: Any, rules: Rules, *, amounts: bool) -> str:
    if name in {"value", "vendor_spend"}:
        if not amounts:
            return _("no right to amounts")
        return _("not known") if value is None else amount(Decimal(value), rules.currency or "", 0).strip()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return _("not given")
    return word(_WORDS[name], str(value)) if name in _WORDS else str(value)


def _step(step: PathStep) -> StepView:
    rule = step.rule
    hours = rule.target_hours
    return StepView(
        rule.key, rule.order, rule.name, _who(step),
        _how(step),
        "" if hours is None else ngettext("within %(num)s working hour", "within %(num)s working hours", hours),
        tuple(row.says or _("The gate itself names this step.") for row in step.because),
        tuple(_("%(name)s %(why)s", name=each.name, why=_why(each.barred)) for each in step.deciders if each.barred),
        _defect(step),
    )  # fmt: skip


def _how(step: PathStep) -> str:
    """The rule in words; one person alone is not called all."""
    rule = step.rule
    if len(step.deciders) == 1 and rule.rule.get("type") == "all":
        return _("must approve, with a veto") if rule.veto else _("must approve")
    return rule_words(rule.rule, rule.quorum, veto=rule.veto)


def _why(code: str) -> str:
    return _BARRED[code]() if code in _BARRED else plain(code)


def _named(code: str) -> str:
    kind, _colon, key = code.partition(":")
    return plain(key).capitalize() if kind == "group" else part_words(key)


def _who(step: PathStep) -> str:
    free = [each for each in step.deciders if not each.barred]
    said = [
        _("%(name)s (%(as)s)", **{"name": each.name, "as": _named(each.named_as)})
        for each in free[:MOST_NAMED]
    ]
    if len(free) > MOST_NAMED:
        said.append(ngettext("%(num)s more", "%(num)s more", len(free) - MOST_NAMED))
    if not said:
        return _("nobody")
    return ", ".join(said)


def _defect(step: PathStep) -> str:
    found = step.defect
    if found is None:
        return ""
    if found.code == "too_few":
        return _(
            "Only %(have)s could decide and %(need)s are needed. Name more members, or free those who may not decide.",
            have=found.have, need=found.need,
        )  # fmt: skip
    if found.code == "member_barred":
        return _(
            "All must approve, and %(names)s may not. Somebody else hands the proof in, or another member is named.",
            names=either([each.name for each in step.deciders if each.barred]),
        )
    if step.vacant and not step.deciders:
        part = either([part_words(each) for each in step.vacant])
        return _("Nobody is %(part)s yet. A program lead can name somebody.", part=part)
    if step.deciders:
        return _(
            "Whom it names may not decide here. "
            "A program lead can name somebody else, or somebody else hands the proof in."
        )
    missing = [
        _named(f"{kind[:-1]}:{key}")
        for kind in ("roles", "groups")
        for key in step.rule.deciders.get(kind, ())
    ]
    return _("Nobody is there to decide it: %(who)s. An administrator can name people.", who=either(missing))
