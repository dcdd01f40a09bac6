"""Words of a decision for many measures: what was judged, what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govapp.domain.asks import AskKind, Outcome
from govapp.domain.criteria import Finding
from govapp.domain.rules import Rules
from govapp.present.decision_forms import DetailField, decision_form
from govapp.present.errors import SENTENCES, sentence_of
from govapp.present.findings import ask_words, detail_sentence, rule_sentence, stage_name
from govapp.present.language import gettext as _


@dataclass(frozen=True, slots=True)
class ItemView:
    """One measure of the list: does it pass, what would happen, and if not, why."""

    key: str
    title: str
    version: int
    stage: str
    passes: bool
    what: str
    reasons: tuple[str, ...]


def asks() -> list[tuple[str, str]]:
    """What may be asked for many at once, with its words."""
    return [
        (str(AskKind.ADVANCE), _("Move to the next stage")),
        (str(AskKind.HOLD), _("Put on hold")),
        (str(AskKind.RELEASE), _("Release from hold")),
        (str(AskKind.CANCEL), _("Cancel")),
        (str(AskKind.REOPEN), _("Reopen")),
    ]


def ask_title(asked: Any) -> str:
    """The decision as a heading."""
    named = dict(asks())
    if asked.kind is AskKind.RECYCLE:
        return _("Send back")
    return named.get(str(asked.kind), ask_words(str(asked.kind)))


def reason_of(finding: Finding, rules: Rules) -> str:
    """Why a finding stands in the way, in one line."""
    if finding.key.startswith("rule:"):
        return rule_sentence(finding, rules)
    wording, detail = finding.wording.rstrip("."), detail_sentence(finding, rules)
    return f"{wording}: {detail}" if wording and detail else wording or detail


def item_view(judged: Any) -> ItemView:
    """A judged measure in words."""
    decision, rules = judged.decision, judged.rules
    unmet = () if judged.passes else decision.unmet
    return ItemView(
        judged.key, judged.title, judged.version, stage_name(rules, judged.stage), judged.passes,
        _would(decision.outcome, decision.to, rules, asks_for=decision.ask.kind) if judged.passes else _("Refused"),
        tuple(reason_of(finding, rules) for finding in unmet),
    )  # fmt: skip


def _would(outcome: Outcome, to: str | None, rules: Rules, *, asks_for: AskKind) -> str:
    if outcome is Outcome.NEEDS_REVIEW:
        return _("A review into %(stage)s opens", stage=stage_name(rules, to))
    if outcome is Outcome.WAITING:
        return _("Its review is open already")
    if asks_for in {AskKind.ADVANCE, AskKind.RECYCLE, AskKind.REOPEN}:
        return _("It goes to %(stage)s", stage=stage_name(rules, to))
    return _("It can be done")


def fields_of(judged: Sequence[Any], asked: Any, *, typed: bool) -> list[DetailField]:
    """What the form asks for: the fields of the decision under the rules of each of these measures, each once.

    `typed`: something was sent, so what is lacking is said at its field.
    """
    if asked.kind is AskKind.ADVANCE:
        return []
    currency = "/".join(sorted({one.currency for one in judged}))
    fields: dict[str, DetailField] = {}
    for one in {(each.rules.workflow, each.rules.version): each for each in judged}.values():
        form = decision_form(one.rules, one.decision.ask, one.today, currency=currency, typed=typed)
        fields = {field.name: field for field in form.fields} | fields
    return list(fields.values())


def ask_of(batch: Any) -> str:
    """What a batch asked for, as a heading."""
    kind = batch.items[0].ask["kind"] if batch.items else ""
    return _("Send back") if kind == AskKind.RECYCLE else dict(asks()).get(kind, ask_words(kind))


def progress_words(batch: Any) -> str:
    """How far a batch is: `Done: 12 asked for, 2 refused`."""
    if batch.state == "done":
        return _(
            "Done: %(done)s asked for, %(refused)s refused",
            done=batch.done - batch.refused,
            refused=batch.refused,
        )
    return _(
        "%(done)s of %(rows)s done, %(refused)s refused",
        done=batch.done,
        rows=batch.rows,
        refused=batch.refused,
    )


def result_words(item: Any) -> str:
    """What became of a measure."""
    outcome: Mapping[str, Any] = item.outcome
    if item.state == "staged":
        return _("Not yet done")
    if item.state == "refused":
        return _("Refused")
    if outcome.get("outcome") == str(Outcome.WAITING):
        return _("Review open")
    kind = item.ask["kind"]
    if kind in {AskKind.ADVANCE, AskKind.RECYCLE, AskKind.REOPEN} and outcome.get("to"):
        return _("Moved to %(stage)s", stage=stage_name(item.rules, outcome["to"]))
    return _("Done")


def result_reasons(item: Any) -> list[str]:
    """Why it was refused."""
    if code := item.outcome.get("error"):
        return [sentence_of(str(code))]
    return [
        reason_of(Finding(key, False, code, values, wording), item.rules)
        for key, code, values, wording in item.outcome.get("findings", ())
    ]


SENTENCES.update(
    {
        "bulk_many": lambda: _("At most %(most)s measures at once: tick fewer."),
        "bulk_empty": lambda: _("Tick at least one measure in the list first."),
    }
)
