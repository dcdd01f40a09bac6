"""Findings in sentences: what a gate asks, why it is met or not, who can supply it, and where."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govapp.domain.criteria import UNJUDGED, Finding, Suppliers
from govapp.domain.rules import Rules
from govapp.present import finding_decisions, finding_evidence, finding_figures
from govapp.present.finding_decisions import ask_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.named import PART_WORDS, holder_words, joined, part_words, stage_name

__all__ = [
    "DEFECTS", "FindingView", "ask_words", "detail_sentence", "finding_view", "known_codes", "part_words",
    "rule_sentence", "stage_name", "who_words",
]  # fmt: skip

Values = Mapping[str, Any]

_FIELDS: dict[str, Callable[[], str]] = {
    "title": lambda: _("title"),
    "problem": lambda: _("problem"),
    "expected_effect": lambda: _("expected effect"),
    "business_unit": lambda: _("business unit"),
    "legal_entity": lambda: _("legal entity"),
    "function": lambda: _("function"),
    "service": lambda: _("service"),
    "request_category": lambda: _("request category"),
    "change_type": lambda: _("change type"),
    "risk_rating": lambda: _("risk rating"),
    "dependencies": lambda: _("dependencies"),
    "no_dependencies_declared": lambda: _("that there are none"),
    "sustain_dates": lambda: _("dates of the sustain checks"),
}


@dataclass(frozen=True, slots=True)
class FindingView:
    """One line of a task list. `address` leads to where it is supplied; `ask` says whom a button would ask."""

    key: str
    met: bool
    title: str
    detail: str
    supply: str = ""
    address: str = ""
    link: str = ""
    ask: str = ""


DEFECTS: dict[str, Callable[[], str]] = {
    "nobody": lambda: _("nobody: its deciders do not exist"),
    "too_few": lambda: _("more deciders than there are"),
    "member_barred": lambda: _("a member who may not decide here"),
}


def who_words(code: str) -> str:
    """Whom a card waits for: a name as it is; `role:program_lead`, `part:sponsor`, `barred:NAME` in words."""
    kind, colon, key = code.partition(":")
    if kind == "barred":
        return _("somebody instead of %(name)s, who may not decide here", name=key)
    if kind == "deputy":
        deputy, _sign, absent = key.partition(":")
        return _("%(deputy)s for %(name)s", deputy=deputy, name=absent)
    if kind == "defect":
        return DEFECTS[key]() if key in DEFECTS else code
    if not colon or kind not in {"role", "part", "group"}:
        return code
    words = part_words(key)
    return _("%(part)s (nobody yet)", part=words) if kind == "part" else words


def finding_view(finding: Finding, rules: Rules, key: str, supply: Suppliers | None = None) -> FindingView:
    """A finding as a line: wording of the gate, detail by code, and for what is missing who can supply it and where."""
    title = (finding.wording or rule_sentence(finding, rules)).rstrip(".")
    detail = detail_sentence(finding, rules)
    if finding.met or finding.key.startswith("rule:"):
        return FindingView(finding.key, finding.met, title, detail if finding.wording else "")
    supply = supply or Suppliers()
    address, link = _where(finding, key)
    if finding.code == "predecessors_behind":  # nobody supplies it here: others bring those measures on
        told = ngettext(
            "It is met when this measure gets there.",
            "It is met when these measures get there.",
            len(finding.values["behind"]),
        )
        address, link = (address, link) if supply.yours else ("", "")
        return FindingView(finding.key, False, title, detail, told, address, link)
    if finding.code == UNJUDGED:
        vacant = [part_words(key.removeprefix("group:")) for key in supply.vacant]
        told = finding_evidence.judge_sentence(supply.names[:4], vacant, yours=supply.yours)
        return FindingView(finding.key, False, title, detail, told, address, link, _ask_words(supply))
    return FindingView(
        finding.key,
        False,
        title,
        detail,
        supply=_supply_sentence(supply),
        address=address if supply.yours else "",
        link=link if supply.yours else "",
        ask=_ask_words(supply),
    )


def _supply_sentence(supply: Suppliers) -> str:
    names = [*supply.names, *(holder_words(key) for key in supply.vacant)]
    if supply.yours and not names:
        return _("You can supply it.")
    if not names:
        return _("A program lead can supply it.")
    if supply.yours:
        return _("%(names)s can supply it.", names=joined([_("You"), *names[:4]]))
    listed = joined(names[:4])
    return _("%(names)s can supply it.", names=listed[:1].upper() + listed[1:])


def _ask_words(supply: Suppliers) -> str:
    if supply.yours or not supply.names:
        return ""
    if len(supply.names) == 1:
        return _("Ask %(name)s", name=supply.names[0])
    return ngettext("Ask", "Ask these %(num)s people", len(supply.names))


def _where(finding: Finding, key: str) -> tuple[str, str]:
    subject = finding.key.partition(":")[0]
    at = f"/measures/{key}"
    if finding.code == UNJUDGED:
        return f"{at}/evidence/{finding.values['evidence']}#judging", _("Open it")
    if subject == "evidence":
        return f"{at}/evidence/new?kind={finding.values.get('kind', '')}", _("Open the form")
    if subject in {"role", "distinct"}:
        return f"{at}/parts", _("Name people")
    if found := finding_figures.where(subject, key):
        return found
    if finding.key == "field:sustain-dates":
        return f"{at}/kpi#sustain", _("Set the dates")
    if subject in {"condition", "lookback"}:
        return f"{at}/conditions", _("Open the conditions")
    if subject == "milestone" or finding.key == "field:dependencies" or subject == "dependency":
        return f"{at}/plan", _("Open the plan")
    if subject == "risk" and not finding.code.startswith("risk_unrated"):
        return f"{at}/risks", _("Open the risks")
    return f"{at}/edit", _("Fill it in")


def _listed(keys: Sequence[str], words: Mapping[str, Callable[[], str]]) -> str:
    return ", ".join(words[key]() if key in words else key.replace("_", " ") for key in keys)


def _field_missing(values: Values, rules: Rules) -> str:
    if "length" in values:
        if values.get("max") is not None and values["length"] > values["max"]:
            return _("%(length)s characters; at most %(max)s.", length=values["length"], max=values["max"])
        if values["length"]:
            return _(
                "%(length)s characters so far; at least %(min)s.", length=values["length"], min=values["min"]
            )
        return _("Still empty.")
    listed = _listed(values["fields"], _FIELDS)
    return (
        _("One of: %(fields)s.", fields=listed)
        if values.get("match") == "any"
        else _("Missing: %(fields)s.", fields=listed)
    )


def _milestones_open(values: Values, rules: Rules) -> str:
    named = ", ".join(values["open"])
    more = values["count"] - len(values["open"])
    if more > 0:
        return _("Open: %(names)s and %(more)s more.", names=named, more=more)
    return _("Open: %(names)s.", names=named)


def _predecessors_behind(values: Values, rules: Rules) -> str:
    return _(
        "Not yet at %(stage)s: %(keys)s.",
        stage=stage_name(rules, values["stage"]),
        keys=", ".join(values["behind"]),
    )


_DETAILS: dict[str, Callable[[Values, Rules], str]] = {
    "field_filled": lambda v, r: _("Filled in."),
    "field_missing": _field_missing,
    "part_held": lambda v, r: str(v["name"]),
    "part_vacant": lambda v, r: _("Nobody is named as %(part)s.", part=part_words(v["part"])),
    "part_inactive": lambda v, r: _(
        "The account of %(name)s is disabled: name somebody else.", name=v["name"]
    ),
    "parts_distinct": lambda v, r: _("Different people."),
    "parts_vacant": lambda v, r: _("Nobody yet as %(parts)s.", parts=_listed(v["parts"], PART_WORDS)),
    "parts_same": lambda v, r: _("One person holds two of these parts."),
    **finding_evidence.DETAILS,
    "milestones_planned": lambda v, r: ngettext(
        "%(num)s milestone planned.", "%(num)s milestones planned.", v["have"]
    ),
    "milestones_few": lambda v, r: _(
        "%(have)s of %(needed)s have owner and date.", have=v["have"], needed=v["needed"]
    ),
    "milestones_none": lambda v, r: _("There is no milestone yet."),
    "milestones_done": lambda v, r: ngettext(
        "%(num)s milestone done.", "All %(num)s milestones done.", v["all"]
    ),
    "milestones_open": _milestones_open,
    "predecessors_there": lambda v, r: (
        ngettext("%(num)s measure is far enough.", "%(num)s measures are far enough.", v["all"])
        if v["all"]
        else _("It depends on no other measure.")
    ),
    "predecessors_behind": _predecessors_behind,
    "risk_rated": lambda v, r: _("Rated %(rating)s.", rating=v["rating"]),
    "risk_unrated": lambda v, r: _("Not rated yet."),
    "risk_none_blocking": lambda v, r: _("None blocks."),
    "risk_blocking": lambda v, r: ngettext(
        "%(num)s open risk blocks.", "%(num)s open risks block.", v["count"]
    ),
    "risk_few": lambda v, r: ngettext(
        "At least %(num)s risk is needed.", "At least %(num)s risks are needed.", v["needed"]
    ),
    "risk_answered": lambda v, r: _("Every risk has an owner and a response."),
    "risk_unanswered": lambda v, r: ngettext(
        "%(num)s risk lacks an owner or a response.", "%(num)s risks lack an owner or a response.", v["count"]
    ),
    **finding_decisions.DETAILS,
    **finding_figures.DETAILS,
    "kind_unknown": lambda v, r: _(
        "This version of the program does not know this check. An administrator must look at it."
    ),
}


def detail_sentence(finding: Finding, rules: Rules) -> str:
    """Why a criterion is met or not. A code nobody knows is shown as it is, so that nothing is hidden."""
    known = _DETAILS.get(finding.code)
    return known(finding.values, rules) if known else rule_sentence(finding, rules)


def rule_sentence(finding: Finding, rules: Rules) -> str:
    """A rule of the board in words."""
    known = finding_decisions.RULES.get(finding.code)
    return known(finding.values, rules) if known else finding.code.replace("_", " ")


def known_codes() -> set[str]:
    """All codes that have a sentence; a test holds them against the rules."""
    return {*_DETAILS, *finding_decisions.RULES}
