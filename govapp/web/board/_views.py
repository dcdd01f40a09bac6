"""Values for the board's templates: columns with heads and cards, filters, hints, refusals."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from govapp.data.board_cards import PROPOSED, CardRow
from govapp.data.board_queries import BranchRow
from govapp.domain.asks import AskKind, Decision
from govapp.domain.rules import Rules
from govapp.forms.classes import EvidenceForm
from govapp.present.board import CardView, CardWords, HeadView, head_view
from govapp.present.board_moves import Hint, decides_sentence, hint
from govapp.present.decision_forms import DecisionForm
from govapp.present.evidence_form import error_list, field_views
from govapp.present.findings import FindingView, ask_words, finding_view, rule_sentence, stage_name
from govapp.services.board import A_COLUMN, Board, BoardQuery, Head
from govapp.services.board_changes import Cards
from govapp.services.board_moves import Lesson, Standing, Way
from govapp.web._context import actor, moment, zone
from govapp.web.board._details import form_of
from govapp.web.board._query import address_of

_MOST_BRANCHES = 80


def page_key() -> str:
    """One random value for a page; joined with card and version it is the card's action key (R13)."""
    return secrets.token_urlsafe(8)


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: head, cards, and what is still below them."""

    head: HeadView
    cards: tuple[CardView, ...]
    left: int
    more_address: str
    cards_address: str
    is_default: bool


def card_views(rules: Rules, rows: Iterable[CardRow], found: Board | Cards) -> list[CardView]:
    """Cards in words for this reader."""
    words = CardWords(rules, moment(), zone())
    only = found.update_only if isinstance(found, Cards) else frozenset()
    return [
        words.view(
            row,
            movable=row.id in found.movable,
            held_since=found.held_since.get(row.seq),
            update_only=row.id in only,
        )
        for row in rows
    ]


def head_views(rules: Rules, heads: Mapping[str, Head]) -> list[HeadView]:
    """Heads in words."""
    meanings = {stage.key: stage.meaning for stage in rules.stages}
    return [
        head_view(
            key,
            stage_name(rules, key if key != PROPOSED else None),
            h.count,
            h.waiting,
            h.values,
            meanings.get(key, ""),
            h.more,
            h.priced,
        )
        for key, h in heads.items()
    ]


def columns(found: Board, query: BoardQuery, args: Mapping[str, str]) -> list[ColumnView]:
    """The columns in order, the intake strip first; a phone opens the one asked for, else where most waits."""
    rules = found.rules
    if rules is None:
        return []
    keys = [PROPOSED, *(stage.key for stage in rules.stages)]
    heads = {key: found.heads.get(key, Head(key)) for key in keys}
    chosen = query.stage if query.stage in rules.order else _fullest(heads, rules)
    views = []
    for head in head_views(rules, heads):
        cards = card_views(rules, found.cards.get(head.key, ()), found)
        left = max(head.count - len(cards), 0) if cards else 0
        below = f"{cards[-1].seq}-{cards[-1].id}" if left else ""
        name = f"more-{head.key}"
        views.append(
            ColumnView(
                head,
                tuple(cards),
                left,
                address_of(args, **{name: len(cards) + A_COLUMN}) + f"#{head.key}" if left else "",
                address_of(args, stage=head.key, after=below).replace("/board?", "/board/cards?")
                if left
                else "",
                head.key == chosen,
            )
        )
    return views


def _fullest(heads: Mapping[str, Head], rules: Rules) -> str:
    keys = [stage.key for stage in rules.stages]
    return max(
        keys,
        key=lambda key: (
            heads[key].waiting,
            not rules.stage(key).terminal and heads[key].count,
            -keys.index(key),
        ),
    )


def summary(found: Board) -> dict[str, Any]:
    """What the columns hold together: how many measures, how many of them wait, and their value by currency."""
    heads = [head for key, head in found.heads.items() if key != PROPOSED]
    values: dict[str, int] = {}
    for head in heads:
        for currency, value in head.values.items():
            values[currency] = values.get(currency, 0) + value
    return {
        "count": sum(head.count for head in heads),
        "waiting": sum(head.waiting for head in heads),
        "values": {currency: value for currency, value in values.items() if value},
        "priced": all(head.priced for head in heads),
    }


def branch_options(branches: Sequence[BranchRow], chosen: BranchRow | None) -> list[dict[str, Any]]:
    """Branches to choose, indented by their depth; of very many those with most measures."""
    shown = list(branches)
    if len(shown) > _MOST_BRANCHES:
        kept = {row.id for row in sorted(shown, key=lambda row: -row.count)[:_MOST_BRANCHES]}
        shown = [row for row in shown if row.id in kept or (chosen and chosen.path.startswith(row.path))]
    whole = {str(row.id) for row in shown if row.whole}
    options = []
    for row in shown:
        above = sum(part in whole for part in row.path.strip("/").split("/")) - 1
        name = row.name if row.whole else _("%(name)s, only measures where you hold a part", name=row.name)
        indent = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" * (above if row.whole else 0)
        options.append(
            {
                "key": row.key,
                "words": f"{indent}{name} ({row.count})",
                "chosen": bool(chosen and row.id == chosen.id),
            }
        )
    return options


def filter_options(found: Board, query: BoardQuery) -> dict[str, Any]:
    """What the filters offer: owners of the cards shown, what a card may wait for, states."""
    me = actor()
    owners: dict[int | None, str] = {
        row.owner_id: row.owner for rows in found.cards.values() for row in rows if row.owner_id and row.owner
    }
    if query.filters.owner and query.filters.owner != me.id:
        owners.setdefault(query.filters.owner, _("Person %(id)s", id=query.filters.owner))
    owners.pop(me.id, None)
    steps = {step.key: step.name for step in found.rules.steps.values()} if found.rules else {}
    waits = [("", _("Anything")), ("any", _("A decision")), *((key, _(name)) for key, name in steps.items())]
    waits += [
        ("missing", _("Something missing")),
        ("ready", _("Nothing: ready to move")),
        ("expired", _("Expired evidence")),
    ]
    states = [
        ("", _("On the board")),
        ("active", _("Active")),
        ("hold", _("On hold")),
        ("cancelled", _("Cancelled")),
    ]
    chosen = "me" if query.filters.owner == me.id else query.filters.owner or ""
    return {
        "owners": [("", _("Anyone")), ("me", _("Me")), *sorted(owners.items(), key=lambda one: one[1])],
        "owner": chosen,
        "waits": waits,
        "states": states,
    }


def hints(now: Standing, found: Sequence[Way]) -> list[tuple[Way, Hint, list[FindingView]]]:
    """Every other stage with what a drop there would do, and what stands in the way."""
    views = []
    for way in found:
        unmet = [finding for finding in way.decision.unmet if not finding.key.startswith("rule:")]
        lines = [finding_view(finding, now.rules, now.key) for finding in unmet]
        views.append((way, hint(way.stage or "", way.decision, now.rules, now.snapshot), lines))
    return views


def _fits(kind: AskKind, now: Standing) -> bool:
    """Whether an act could ever be done from where the measure stands, whoever asks."""
    state, stage = now.snapshot.state, now.snapshot.stage
    closed = stage is not None and now.rules.stage(stage).terminal
    return {
        AskKind.HOLD: state == "active" and not closed,
        AskKind.RELEASE: state == "on_hold",
        AskKind.REOPEN: state == "cancelled" or (state == "active" and closed),
        AskKind.CANCEL: state in {"active", "on_hold"} and not closed,
        AskKind.EMERGENCY: state == "active" and stage is not None and not closed,
    }.get(kind, True)


def acts(now: Standing, found: Sequence[Way]) -> list[dict[str, Any]]:
    """Hold, release, reopen, cancel and emergency, each with its form, or why it cannot be done now.

    The form of an emergency advance names people: it is fetched when it is asked for, not with every card picked up.
    """
    shown = []
    for way in found:
        codes = [finding.code for finding in way.decision.unmet]
        misplaced = any(code.startswith(("rule_not_", "rule_closed", "rule_proposed")) for code in codes)
        if misplaced or not _fits(way.kind, now):
            continue
        why = (
            ""
            if way.is_open
            else " ".join(rule_sentence(finding, now.rules) for finding in way.decision.unmet)
        )
        shown.append(
            {
                "kind": str(way.kind),
                "words": ask_words(way.kind)[:1].upper() + ask_words(way.kind)[1:],
                "why": why,
                "stage": way.stage,
                "form": form_of(now, way.decision.ask)
                if not why and way.kind is not AskKind.EMERGENCY
                else None,
            }
        )
    return shown


@dataclass(frozen=True, slots=True)
class FormShown:
    """An evidence form in a dialog, the revision it goes by, and who handed that in after the draft was begun."""

    form: EvidenceForm
    revision: int
    overtaken_by: str = ""
    draft_saved: bool = False


def refusal(
    now: Standing,
    decision: Decision,
    lesson: Lesson,
    shown: FormShown | None,
    asked: DecisionForm | None = None,
    *,
    saved: str = "",
) -> dict[str, Any]:
    """What the dialog "Not moved" shows: what is missing first, the form or the reason, who decides after."""
    lines = [
        finding_view(finding, now.rules, now.key, lesson.suppliers.get(finding.key))
        for finding in decision.findings
    ]
    missing, met = [line for line in lines if not line.met], [line for line in lines if line.met]
    is_gate = any(not line.key.startswith("rule:") for line in lines)
    views = field_views(shown.form.parts, now.currency, "dlg-") if shown else []
    at_gate = decision.to if decision.to in now.rules.gates and decision.ask.kind is AskKind.ADVANCE else None
    return {
        "key": now.key,
        "title": now.title,
        "version": now.version,
        "stage": stage_name(now.rules, now.snapshot.stage),
        "to": decision.to,
        "to_name": stage_name(now.rules, decision.to) if decision.to else "",
        "ask": str(decision.ask.kind),
        "ask_words": ask_words(decision.ask.kind),
        "missing": [] if asked else missing,
        "met": met,
        "asked": asked,
        "kind": shown.form.kind if shown else None,
        "revision": shown.revision if shown else 0,
        "overtaken_by": shown.overtaken_by if shown else "",
        "fields": views,
        "errors": error_list(views),
        "saved": _(now.rules.kinds[saved].name) if saved in now.rules.kinds else "",
        "draft_saved": shown is not None and shown.draft_saved,
        "left_after": len(missing) - 1,
        "decides": decides_sentence(now.rules, at_gate, now.snapshot) if at_gate and is_gate else "",
        "rules_version": now.rules.version,
        "is_gate": is_gate,
    }
