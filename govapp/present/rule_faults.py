"""What the check of a set found, in sentences: what is wrong, where, and what would mend it."""

from collections.abc import Callable, Mapping
from typing import Any

from govapp.domain.rule_findings import RuleFinding
from govapp.present.language import gettext as _

Say = Callable[[str, Mapping[str, Any]], str]


def _plain(code: object) -> str:
    return str(code).replace("_", " ").replace("-", " ")


def finding_sentence(finding: RuleFinding) -> str:
    """One finding as a sentence; a code without words of its own is shown as it is."""
    say = _SENTENCES.get(finding.code)
    if say is None:
        return f"{finding.about}: {_plain(finding.code)}"
    values = {name: value for name, value in finding.values.items() if isinstance(name, str)}
    return say(finding.about, values)


def _told(text: Callable[[], str]) -> Say:
    def say(about: str, values: Mapping[str, Any]) -> str:
        plain = {name: ", ".join(map(str, v)) if isinstance(v, list) else v for name, v in values.items()}
        return text() % {"about": about, **plain}

    return say


def _criterion(text: Callable[[], str]) -> Say:
    """A sentence about a criterion, which always says at which gate."""

    def say(about: str, values: Mapping[str, Any]) -> str:
        where = _("Gate into %(gate)s, criterion %(about)s:", gate=values.get("gate", ""), about=about)
        return f"{where} {text() % values}"

    return say


def _gap(about: str, values: Mapping[str, Any]) -> str:
    said = [
        _("%(input)s is %(value)s", input=_plain(name), value=value if value != "" else _("not given"))
        for name, value in values["case"].items()
    ]
    if not said:
        return _("Gate into %(about)s: no row of the decision table gives a step.", about=about)
    return _(
        "Gate into %(about)s: no row gives a step when %(case)s.", about=about, case=_(" and ").join(said)
    )


_SENTENCES: dict[str, Say] = {
    "section_missing": _told(lambda: _("The set has no section %(about)s.")),
    "section_malformed": _told(lambda: _("Section %(about)s must be a list of entries.")),
    "key_twice": _told(lambda: _("%(about)s occurs more than once in %(section)s.")),
    "key_missing": _told(lambda: _("An entry of %(about)s has no key.")),
    "name_missing": _told(lambda: _("%(about)s in %(section)s has no name.")),
    "set_unreadable": _told(lambda: _("The set cannot be read: %(problem)s.")),
    "form_invalid": _told(lambda: _("Form of %(about)s: %(problem)s")),
    "version_number_taken": _told(
        lambda: _(
            "The set calls itself version %(about)s, as version %(by)s does. Give it a number of its own."
        )
    ),
    "stage_order_twice": _told(lambda: _("Two stages have the order %(about)s.")),
    "stage_order_missing": _told(lambda: _("Stage %(about)s has no order.")),
    "stage_never_reached": _told(
        lambda: _("No gate leads into stage %(about)s, so nothing ever reaches it.")
    ),
    "stage_never_left": _told(lambda: _("Stage %(about)s cannot be left: no gate leads on from it.")),
    "gate_from_wrong": _told(
        lambda: _("The gate into %(about)s comes from %(named)s; the stage before it is %(before)s.")
    ),
    "gate_twice": _told(lambda: _("More than one gate leads into %(about)s.")),
    "gate_unknown_stage": _told(lambda: _("A gate leads into %(about)s, which is no stage.")),
    "gate_without_question": _told(lambda: _("The gate into %(about)s asks no question.")),
    "gate_without_criteria": _told(lambda: _("The gate into %(about)s checks nothing.")),
    "criterion_twice": _criterion(lambda: _("it occurs more than once.")),
    "criterion_without_id": _told(lambda: _("A criterion of the gate into %(about)s has no id.")),
    "criterion_without_wording": _criterion(lambda: _("it says nothing to the reader.")),
    "criterion_kind_unknown": _criterion(
        lambda: _("nobody can answer the kind %(kind)s, so it is never met.")
    ),
    "criterion_never_met": _criterion(lambda: _("at least %(least)s and at most %(most)s leave nothing.")),
    "criterion_field_unknown": _criterion(lambda: _("measures have no field %(field)s.")),
    "criterion_part_unknown": _criterion(lambda: _("there is no part %(part)s.")),
    "criterion_evidence_unknown": _criterion(lambda: _("there is no evidence kind %(kind)s.")),
    "criterion_stage_unknown": _criterion(lambda: _("there is no stage %(stage)s.")),
    "condition_field_unknown": _criterion(lambda: _("it depends on %(field)s, which measures do not have.")),
    "param_missing": _criterion(lambda: _("it lacks %(param)s.")),
    "param_unknown": _criterion(lambda: _("it has no use for %(param)s.")),
    "param_value_unknown": _criterion(lambda: _("%(value)s is no value for %(param)s.")),
    "supplier_unknown": _criterion(lambda: _("nobody is called %(who)s.")),
    "kind_never_asked": _told(lambda: _("Evidence kind %(about)s is asked for by nothing.")),
    "kind_supplier_unknown": _told(
        lambda: _("Evidence kind %(about)s is handed in by %(who)s, whom nobody is.")
    ),
    "kind_stage_unknown": _told(
        lambda: _("Evidence kind %(about)s matters until %(stage)s, which is no stage.")
    ),
    "judge_unknown": _told(lambda: _("Evidence kind %(about)s is judged by %(who)s, whom nobody can be.")),
    "judge_is_submitter": _told(
        lambda: _("Evidence kind %(about)s is handed in and judged by the same part, %(part)s.")
    ),
    "step_words_missing": _told(lambda: _("Step %(about)s has no %(what)s.")),
    "step_without_deciders": _told(lambda: _("Step %(about)s names nobody who decides.")),
    "step_decider_unknown": _told(
        lambda: _("Step %(about)s names the decider %(who)s (%(kind)s), whom nobody is.")
    ),
    "step_decider_barred": _told(lambda: _("Step %(about)s names %(who)s, who never votes.")),
    "step_only_barred": _told(
        lambda: _("Step %(about)s can never be decided: whom it names (%(who)s) may never vote.")
    ),
    "step_excludes_unknown": _told(lambda: _("Step %(about)s leaves out %(part)s, which is no part.")),
    "step_rule_unknown": _told(
        lambda: _("Step %(about)s has the rule %(type)s; known are any, all, at_least, percent.")
    ),
    "step_number_wrong": _told(lambda: _("Step %(about)s: at least %(n)s is no number of people.")),
    "step_number_unreachable": _told(
        lambda: _("Step %(about)s needs %(n)s people, and only %(most)s are sure to be there.")
    ),
    "step_percent_wrong": _told(lambda: _("Step %(about)s: %(percent)s is no percentage from 1 to 100.")),
    "step_quorum_wrong": _told(lambda: _("Step %(about)s: a quorum of %(quorum)s is none.")),
    "step_quorum_unreachable": _told(
        lambda: _("Step %(about)s needs a quorum of %(quorum)s, and only %(most)s are sure to be there.")
    ),
    "step_target_wrong": _told(lambda: _("Step %(about)s: %(hours)s is no target in working hours.")),
    "step_without_target": _told(lambda: _("Step %(about)s has no target, so it never counts as late.")),
    "step_attests_unknown": _told(lambda: _("Step %(about)s signs %(kind)s, which is no evidence kind.")),
    "step_never_reached": _told(lambda: _("Step %(about)s is asked for by no row of the decision table.")),
    "steps_same_person": _told(
        lambda: _(
            "Steps %(about)s and %(other)s can come together, and only the %(part)s decides both; "
            "each step of a review needs another person."
        )
    ),
    "group_without_size": _told(
        lambda: _("Group %(about)s has no least number of members, and step %(step)s relies on it.")
    ),
    "escalation_percent_wrong": _told(lambda: _("Step %(about)s: an escalation has no point of time.")),
    "escalation_unknown": _told(lambda: _("Step %(about)s escalates to %(who)s, whom nobody is.")),
    "calendar_unknown": _told(lambda: _("%(about)s runs on the calendar %(calendar)s, which is not there.")),
    "calendar_without_hours": _told(
        lambda: _("Calendar %(about)s has no working hours, so its clock never moves.")
    ),
    "calendar_hours_wrong": _told(lambda: _("Calendar %(about)s: %(hours)s is no span of hours.")),
    "calendar_day_unknown": _told(lambda: _("Calendar %(about)s: %(day)s is no day of the week.")),
    "calendar_zone_unknown": _told(lambda: _("Calendar %(about)s: there is no time zone %(zone)s.")),
    "table_empty": _told(lambda: _("The decision table has no rows.")),
    "table_gap": _gap,
    "table_no_last_row": _told(
        lambda: _("The last row of the decision table, %(about)s, must match whatever the measure is.")
    ),
    "row_otherwise_not_last": _told(lambda: _("Row %(about)s is for all others and must be the last.")),
    "row_without_words": _told(lambda: _("Row %(about)s does not say why it is there.")),
    "row_without_steps": _told(lambda: _("Row %(about)s asks for no step.")),
    "row_step_unknown": _told(lambda: _("Row %(about)s asks for the step %(step)s, which is not there.")),
    "row_order_wrong": _told(lambda: _("Row %(about)s: %(order)s is no place in the order for %(step)s.")),
    "row_input_unknown": _told(lambda: _("Row %(about)s looks at %(input)s, which the table does not know.")),
    "row_value_wrong": _told(lambda: _("Row %(about)s: %(input)s is no number.")),
    "row_value_unknown": _told(lambda: _("Row %(about)s: there is no %(input)s %(value)s.")),
    "row_value_unlisted": _told(lambda: _("Row %(about)s: the set lists no %(input)s %(value)s.")),
    "row_never_matches": _told(lambda: _("Row %(about)s can never match.")),
    "rows_contradict": _told(
        lambda: _(
            "Rows %(about)s and %(other)s can match together and place %(step)s differently (%(orders)s); "
            "the lowest place counts."
        )
    ),
    "duty_unknown": _told(lambda: _("Duty %(about)s names %(who)s, which is not there.")),
    "duty_without_sides": _told(lambda: _("Duty %(about)s needs two sides.")),
    "duty_effect_unknown": _told(lambda: _("Duty %(about)s: %(effect)s is neither forbid nor warn.")),
    "duty_scope_unknown": _told(lambda: _("Duty %(about)s has the unknown scope %(scope)s.")),
    "duty_without_reason": _told(lambda: _("Duty %(about)s gives no reason.")),
    "part_role_unknown": _told(lambda: _("Part %(about)s needs the role %(role)s, which is not there.")),
    "decision_who_unknown": _told(
        lambda: _("Decision %(about)s may be asked for by %(who)s, whom nobody is.")
    ),
    "decision_stage_unknown": _told(
        lambda: _("Decision %(about)s names the stage %(stage)s, which is not there.")
    ),
    "money_part_unknown": _told(lambda: _("Effects, %(about)s: there is no part %(part)s.")),
    "money_number_wrong": _told(lambda: _("%(about)s: %(value)s is no number that fits.")),
    "category_kind_unknown": _told(lambda: _("Category %(about)s: there is no kind of effect %(kind)s.")),
    "category_value_wrong": _told(lambda: _("Category %(about)s: %(value)s is no %(name)s.")),
    "sustain_kind_unknown": _told(lambda: _("Sustain checks name %(kind)s, which is no evidence kind.")),
    "status_without_rows": _told(lambda: _("The %(about)s status has no rows.")),
    "status_colour_wrong": _told(lambda: _("Status row %(about)s: %(colour)s is neither yellow nor red.")),
    "status_measure_count": _told(
        lambda: _("Status row %(about)s must look at one thing, and looks at %(count)s.")
    ),
    "status_measure_unknown": _told(lambda: _("Status row %(about)s: nobody can measure %(name)s.")),
    "status_kind_unknown": _told(lambda: _("Status row %(about)s: there is no evidence kind %(kind)s.")),
    "status_stage_unknown": _told(lambda: _("Status row %(about)s: there is no stage %(stage)s.")),
    "permission_unknown": _told(lambda: _("Role %(about)s permits %(permission)s, which is not there.")),
    "permission_nowhere": _told(
        lambda: _("No role permits %(permission)s, so nobody could ever mend the rules again.")
    ),
    "administrator_decides": _told(
        lambda: _("The administrator's role would permit %(permission)s; it decides nothing about a measure.")
    ),
}
