"""Measures in words: fields, states, ratings, statuses, what a card waits for, and why an input is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govapp.domain.rules import Rules
from govapp.present import errors
from govapp.present.decision_words import choice_word
from govapp.present.findings import part_words, stage_name, who_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext

Words = Callable[[], dict[str, str]]


def _fields() -> dict[str, str]:
    return {
        "title": _("Title"),
        "description": _("Description"),
        "problem": _("Problem"),
        "expected_effect": _("Expected effect"),
        "business_unit": _("Business unit"),
        "legal_entity": _("Legal entity"),
        "function": _("Function"),
        "service": _("Service"),
        "request_category": _("Request category"),
        "vendor": _("Vendor"),
        "vendor_spend": _("Vendor spend"),
        "steering_committee": _("Steering committee"),
        "change_type": _("Change type"),
        "risk_rating": _("Risk rating"),
        "security_relevant": _("Security relevant"),
        "no_dependencies_declared": _("No dependencies"),
        "branch": _("Branch"),
        "name": _("Name"),
        "owner_id": _("Owner"),
        "plan_date": _("Planned"),
        "forecast_date": _("Forecast"),
        "actual_date": _("Done"),
        "final": _("Final milestone"),
        "text": _("Text"),
        "likelihood": _("Likelihood"),
        "impact": _("Impact"),
        "response": _("Response"),
        "blocking": _("Blocking"),
        "open": _("Open"),
        "on_key": _("Measure"),
        "stage": _("Stage"),
        "note": _("Note"),
        "kind": _("Kind"),
        "timing": _("Timing"),
        "category": _("Category"),
        "cost_object": _("Cost object"),
        "currency": _("Currency"),
        "run_rate": _("Run rate a year"),
        "start": _("Starts"),
        "colour": _("Status"),
        "reason": _("Reason"),
        "until": _("Until"),
        "plan": _("Plan"),
        "actual": _("Actual"),
        "forecast": _("Forecast"),
        "baseline": _("Baseline"),
        "target": _("Target"),
        "external_key": _("External key"),
    }


def _parts() -> dict[str, str]:
    return {
        "owner": _("Owner"),
        "sponsor": _("Sponsor"),
        "controller": _("Controller"),
        "service_owner": _("Service owner"),
        "process_owner": _("Process owner"),
        "reporting_owner": _("Reporting owner"),
        "finance_contact": _("Finance contact"),
        "escalation_contact": _("Escalation contact"),
    }


def _states() -> dict[str, str]:
    return {
        "proposed": _("Proposed"), "active": _("Active"), "on_hold": _("On hold"), "cancelled": _("Cancelled"),
        "archived": _("Archived"),
    }  # fmt: skip


def _ratings() -> dict[str, str]:
    return {
        "": _("not rated"),
        "low": _("Low"),
        "medium": _("Medium"),
        "high": _("High"),
        "critical": _("Critical"),
    }


def _change_types() -> dict[str, str]:
    return {
        "process": _("Process change only"), "standard": _("Standard change"), "normal": _("Normal change"),
        "major": _("Major change"), "emergency": _("Emergency change"),
    }  # fmt: skip


def _kinds() -> dict[str, str]:
    return {
        "ebitda": _("EBITDA"),
        "cash": _("Cash"),
        "cost-avoidance": _("Cost avoidance"),
        "fte": _("FTE (posts freed)"),
    }


def _timings() -> dict[str, str]:
    return {"recurring": _("Recurring"), "one_off": _("One-off")}


def _colours() -> dict[str, str]:
    return {"green": _("On track"), "yellow": _("At risk"), "red": _("Off track"), "none": _("Not rated")}


def _status_kinds() -> dict[str, str]:
    return {"implementation": _("Implementation"), "potential": _("Potential")}


def _review_states() -> dict[str, str]:
    return {
        "open": _("Open"), "passed": _("Passed"), "sent_back": _("Sent back"), "withdrawn": _("Withdrawn"),
        "overtaken": _("Overtaken"), "waiting": _("Waits for an earlier step"), "granted": _("Approved"),
        "refused": _("Sent back"), "ended": _("Ended"), "dropped": _("No longer asked"),
    }  # fmt: skip


def _sorts() -> dict[str, str]:
    return {
        "newest": _("Newest first"), "key": _("Oldest first"), "title": _("Title"), "stage": _("Stage"),
        "waiting": _("Waits longest"), "changed": _("Last changed"),
    }  # fmt: skip


_CLASSES = {"green": "ok", "yellow": "risk", "amber": "risk", "red": "off"}
_LISTS: dict[str, Words] = {
    "field": _fields, "part": _parts, "state": _states, "rating": _ratings, "change_type": _change_types,
    "effect_kind": _kinds, "timing": _timings, "colour": _colours, "status_kind": _status_kinds,
    "review_state": _review_states, "order": _sorts,
}  # fmt: skip


def word(kind: str, code: str | None) -> str:
    """The word for a code of a kind (`field`, `part`, `state`, `rating`, ...); an unknown code as it stands."""
    code = "yellow" if code == "amber" else code or ""
    return _LISTS[kind]().get(code) or code.replace("_", " ").replace("-", " ")


def field_word(name: str) -> str:
    """The label of a form field, which may be a part."""
    return _fields().get(name) or word("part", name)


def cause_word(cause: str) -> str:
    """What a hold waits for, as it stands in a sentence."""
    return choice_word("hold_cause", cause)


def words(kind: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Code and word of each, for a list to choose from."""
    return [(code, word(kind, code)) for code in codes]


def role_word(role: str) -> str:
    """A role or part in words: `a program lead`."""
    return part_words(role)


def status_class(colour: str) -> str:
    """The class of a status colour: ok, risk, off or none."""
    return _CLASSES.get(colour, "none")


@dataclass(frozen=True, slots=True)
class Waits:
    """What a measure waits for and whom: `Budget approval`, `Henrik Lund`. `decided`: by a vote, within `hours`."""

    what: str
    whom: str = ""
    decided: bool = False
    hours: int | None = None


def waits(row: Any, rules: Rules | None) -> Waits:
    """What a measure waits for and whom, from its card."""
    if row.state == "on_hold":
        return Waits(_("On hold"))
    if row.state == "cancelled" or getattr(row, "archived", False):
        return Waits("")
    into = stage_word(rules, row.next_stage)
    if row.waits_for == "criteria":
        return Waits(_("Approved, but criteria of %(stage)s are open again", stage=into))
    if row.waits_for == "move":
        return Waits(_("Approved: ready to move to %(stage)s", stage=into))
    if row.waits_for:
        names = ", ".join(who_words(each) for each in row.waits_whom)
        step = rules.steps.get(row.waits_for) if rules else None
        hours = step.target_hours if step else None
        return Waits(" + ".join(_(step) for step in row.waits_words) or row.waits_for, names, True, hours)
    if row.next_stage is None:
        return Waits("")
    if row.missing:
        return Waits(
            ngettext(
                "%(num)s criterion open for %(stage)s",
                "%(num)s criteria open for %(stage)s",
                row.missing,
                stage=into,
            )
        )
    return Waits(_("Ready for %(stage)s", stage=into))


def waits_sentence(row: Any, rules: Rules | None) -> str:
    """The same in one line: `Decision of the sponsor: Henrik Lund`."""
    found = waits(row, rules)
    return _("%(step)s: %(who)s", step=found.what, who=found.whom) if found.whom else found.what


def stage_word(rules: Rules | None, stage: str | None) -> str:
    """The name of a stage; a proposal stands in none yet."""
    return _("Proposed") if stage is None else stage_name(rules, stage) if rules else stage


def duty_sentence(code: str, reason: str = "") -> str:
    """`duty:owner:sponsor` as a sentence, with the reason the matrix gives."""
    one, other = code.split(":")[1:3]
    said = _(
        "%(one)s and %(other)s of one measure must be two people.",
        one=word("part", one),
        other=word("part", other).lower(),
    )
    return f"{said} {reason}".strip()


def fault_sentences(faults: Mapping[str, Sequence[str]], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Codes by field as sentences by field."""
    filled = dict(values)
    if "way" in filled:
        filled["way"] = " → ".join(filled["way"])
    return {
        name: [
            duty_sentence(code, values.get("reasons", {}).get(code, ""))
            if code.startswith("duty:")
            else errors.sentence_of(code, filled)
            for code in codes
        ]
        for name, codes in faults.items()
    }


errors.SENTENCES.update(
    {
        **dict.fromkeys(
            (
                "measure_invalid",
                "parts_invalid",
                "status_invalid",
                "milestone_invalid",
                "dependency_invalid",
                "risk_invalid",
                "effect_invalid",
                "comment_invalid",
            ),
            lambda: _("Not saved yet: the marked fields need another look."),
        ),
        "stale_measure": lambda: _(
            "Somebody changed %(key)s since you opened it. What you typed is still here; compare, then save again."
        ),
        "stale_row": lambda: _(
            "Somebody changed this entry since you opened it. What you typed is still here; compare, then save again."
        ),
        "too_long": lambda: _(
            "This is too long: at most 10,240 characters for texts, 200 for titles and names."
        ),
        "control_characters": lambda: _("This holds characters that cannot be shown. Remove them."),
        "date_out_of_range": lambda: _("Please give a day between 1950 and 2200."),
        "date_ahead": lambda: _("This day lies ahead. What is done was done by today."),
        "plan_date_stands": lambda: _(
            "A milestone is held against this day, so it moves no later. Move the forecast."
        ),
        "amount_out_of_range": lambda: _("Please write an amount in digits, such as 84000 or -1250.50."),
        "amount_too_precise": lambda: _(
            "This is finer than the unit it is counted in, and would be rounded. Write it shorter."
        ),
        "amount_negative": lambda: _("Please give an amount of zero or more."),
        "number": lambda: _("This is no number. Write it as 84000 or 84000.50."),
        "ambiguous": lambda: _("This can be read in two ways. Write it without a thousands separator."),
        "digits": lambda: _("At most 15 digits before the point and 6 after it."),
        "branch_not_offered": lambda: _("Choose from the list where the measure belongs."),
        "branch_too_high": lambda: _(
            "Measures lie under a program, a project or a measure package. Choose one of these."
        ),
        "branch_archived": lambda: _("This branch is archived and takes no new measures."),
        "branch_without_workflow": lambda: _(
            "This branch has no gates yet. An administrator can install a workflow."
        ),
        "measure_key_malformed": lambda: _("A key looks like M-142."),
        "measure_key_taken": lambda: _("This key is in use. Keys are never used twice."),
        "not_a_proposal": lambda: _(
            "Only a proposal can be archived. An accepted measure is cancelled instead."
        ),
        "reason_needed": lambda: _("Please give the reason in a few words."),
        "person_unknown": lambda: _("This person is not known here or has no active account."),
        "part_needs_role": lambda: _("The controller must hold the role controller on this branch."),
        "auditor_holds_part": lambda: _("An auditor holds no part: who takes part cannot audit."),
        "unknown_part": lambda: _("There is no such part."),
        "part_not_yours_to_name": lambda: _("Only the program lead names this part."),
        "measure_cancelled": lambda: _("This measure is cancelled. It can be reopened, not changed."),
        "measure_archived": lambda: _("This proposal is archived and stays as it is."),
        "milestone_done": lambda: _(
            "This milestone is done and belongs to the record. Take back its date first."
        ),
        "predecessor_unknown": lambda: _("There is no measure of this key, or it is not for you to see."),
        "predecessor_itself": lambda: _("A measure cannot wait for itself."),
        "predecessor_elsewhere": lambda: _("This measure belongs to another organization."),
        "predecessor_twice": lambda: _("This dependency is entered already."),
        "dependency_cycle": lambda: _(
            "This would make a circle: %(way)s. Each would wait for the other for ever."
        ),
        "one_to_five": lambda: _("Choose 1 to 5."),
        "currency_unknown": lambda: _("Please give a currency by its three letters (ISO 4217), such as EUR."),
        "plan_frozen": lambda: _(
            "The plan is frozen since %(stage)s. Keep the forecast, ask for a change of the plan on the finance page, "
            "or have the measure sent back to before %(stage)s."
        ),
        "line_holds_amounts": lambda: _(
            "This line holds amounts that would come to mean something else. Take them back first, or add a line."
        ),
        "line_holds_actuals": lambda: _(
            "This line holds actual amounts, which belong to the record. A line with none can be removed."
        ),
        "run_rate_of_one_off": lambda: _("A one-off effect has totals, no run rate a year."),
        "status_differs": lambda: _(
            "This differs from the computed status, so it needs a reason of at least 30 characters."
        ),
        "status_reason": lambda: _("At risk and off track need a reason of at least 30 characters."),
        "status_until": lambda: _("A declared status holds from today on and at most 92 days."),
    }
)
