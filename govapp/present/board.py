"""The board in words: a card's lines, column heads, what a drop on a column would do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from govapp.domain.rules import Rules
from govapp.present import dates, money
from govapp.present.decision_words import choice_word
from govapp.present.findings import who_words
from govapp.present.language import gettext as _
from govapp.present.language import ngettext


class CardFacts(Protocol):
    """What a card shows, as `data/board_cards.py` reads it. Values in minor units by currency, None: not to be seen."""

    @property
    def id(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def stage(self) -> str | None: ...
    @property
    def state(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def change_seq(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def proposer(self) -> str: ...
    @property
    def next_stage(self) -> str | None: ...
    @property
    def met(self) -> int: ...
    @property
    def missing(self) -> int: ...
    @property
    def review_id(self) -> int | None: ...
    @property
    def waits_for(self) -> str: ...
    @property
    def waits_words(self) -> Sequence[str]: ...
    @property
    def waits_whom(self) -> Sequence[str]: ...
    @property
    def waits_since(self) -> datetime | None: ...
    @property
    def target_at(self) -> datetime | None: ...
    @property
    def expired(self) -> Sequence[str]: ...
    @property
    def hold_cause(self) -> str: ...
    @property
    def hold_until(self) -> date | None: ...
    @property
    def lookback_due(self) -> date | None: ...
    @property
    def implementation(self) -> str: ...
    @property
    def potential(self) -> str: ...
    @property
    def values(self) -> Mapping[str, int] | None: ...


@dataclass(frozen=True, slots=True)
class Status:
    """A status badge: class of its shape, its word, and what it is the status of."""

    shape: str
    word: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class LastLine:
    """The last line of a card. `mark` is hold, expired or empty; since when as datetime, in full and short; `late`."""

    mark: str
    words: str
    who: str = ""
    iso: str = ""
    full: str = ""
    short: str = ""
    late: str = ""


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as the template draws it."""

    key: str
    title: str
    stage: str
    state: str
    version: int
    seq: int
    at: int
    id: int
    owner: str
    value: str
    worth: str
    implementation: Status
    potential: Status
    last: LastLine
    next_key: str
    move_words: str
    other_words: str
    movable: bool
    review_id: int | None
    update_only: bool = False


@dataclass(frozen=True, slots=True)
class HeadView:
    """A column's head in words. `counted` is the count, of very many only that there are more than so many."""

    key: str
    name: str
    count: int
    counted: str
    value: str
    waiting: str
    meaning: str = ""


_COLOURS: dict[str, tuple[str, Callable[[], str]]] = {
    "green": ("ok", lambda: _("On track")),
    "yellow": ("risk", lambda: _("At risk")),
    "amber": ("risk", lambda: _("At risk")),
    "red": ("off", lambda: _("Off track")),
}


def status(colour: str) -> Status:
    """A colour as shape and word; anything else is not rated."""
    shape, word = _COLOURS.get(colour, ("none", lambda: _("Not rated")))
    return Status(shape, word())


def _statuses(label: str) -> dict[str, Status]:
    found = {colour: status(colour) for colour in (*_COLOURS, "none")}
    return {colour: Status(one.shape, one.word, label) for colour, one in found.items()}


def kind_name(rules: Rules, key: str) -> str:
    """The name of an evidence kind."""
    kind = rules.kinds.get(key)
    return _(kind.name) if kind else key.replace("-", " ")


class CardWords:
    """Makes card views; labels that many cards share are made once."""

    def __init__(self, rules: Rules, now: datetime, zone: str) -> None:
        self.rules = rules
        self.now = now
        self.zone = zone
        self._implementation = _statuses(_("Impl."))
        self._potential = _statuses(_("Pot."))
        self._stages = {stage.key: stage.name for stage in rules.stages}
        self._moves = {key: _("Move to %(stage)s", stage=name) for key, name in self._stages.items()}
        self._others = _("Other moves")
        self._late = _("over target")
        self._no_money = _("no saving")
        self._no_right = money.no_right()
        self._no_owner = _("no owner")

    def view(
        self, row: CardFacts, *, movable: bool, held_since: datetime | None = None, update_only: bool = False
    ) -> CardView:
        """One card in words."""
        values = {currency: amount for currency, amount in (row.values or {}).items() if currency}
        none = self._no_money if row.values is not None else self._no_right
        worth = " ".join(f"{currency}{amount}" for currency, amount in values.items())
        following = row.next_stage if row.state in {"active", "proposed"} else None
        return CardView(
            key=row.key,
            title=row.title,
            stage=row.stage or "proposed",
            state=row.state,
            version=row.version,
            seq=row.seq,
            at=row.change_seq,
            id=row.id,
            owner=(row.owner if row.stage else row.proposer) or self._no_owner,
            value=money.minor_amounts(values) if values else none,
            worth=worth if values or row.values is None else "0",
            implementation=self._implementation.get(row.implementation) or self._implementation["none"],
            potential=self._potential.get(row.potential) or self._potential["none"],
            last=self._owing(self._last(row, held_since), row.lookback_due),
            next_key=following or "",
            move_words=self._moves.get(following or "", ""),
            other_words=self._others,
            movable=movable,
            review_id=row.review_id,
            update_only=update_only,
        )

    def _since(
        self, mark: str, words: str, who: str, since: datetime | None, target: datetime | None = None
    ) -> LastLine:
        if since is None:
            return LastLine(mark, words, who)
        full = _("since %(moment)s", moment=dates.moment(since, self.zone))
        if target is not None:
            full = _("%(since)s, target %(moment)s", since=full, moment=dates.moment(target, self.zone))
        late = self._late if dates.over_target(target, self.now) else ""
        return LastLine(mark, words, who, dates.iso(since), full, dates.ago(since, self.now), late)

    def _owing(self, last: LastLine, due: date | None) -> LastLine:
        """The same with the sign that a look-back is open, where nothing more urgent stands there."""
        if due is None or last.late:
            return last
        day = dates.short_day(due).replace(" ", "\N{NO-BREAK SPACE}")
        return replace(last, late=_("look-back due %(day)s", day=day))

    def _last(self, row: CardFacts, held_since: datetime | None) -> LastLine:
        if row.state == "on_hold":
            day = dates.short_day(row.hold_until).replace(" ", "\N{NO-BREAK SPACE}")
            until = _("look again %(day)s", day=day) if row.hold_until else ""
            who = " · ".join(
                words
                for words in (
                    choice_word("hold_cause", row.hold_cause) if row.hold_cause else "",
                    until,
                )
                if words
            )
            return self._since("hold", _("On hold"), who, held_since)
        if row.state == "cancelled":
            return self._since("hold", _("Cancelled"), "", held_since)
        if row.waits_for == "move":
            return self._since("", _("Approved, ready to move"), "", row.waits_since)
        if row.waits_for == "criteria":
            missing = ngettext("waits for %(num)s criterion", "waits for %(num)s criteria", row.missing)
            return self._since("", _("Approved"), missing, row.waits_since)
        if row.waits_for:
            who = ", ".join(who_words(one) for one in row.waits_whom)
            words = " + ".join(_(words) for words in row.waits_words)
            return self._since("", words, who, row.waits_since, row.target_at)
        if row.expired:
            return LastLine(
                "expired",
                _("Evidence expired"),
                ", ".join(kind_name(self.rules, key) for key in row.expired[:2]),
            )
        if row.next_stage is None:
            return LastLine("done", _("Done"))
        if row.missing:
            return LastLine(
                "missing", _("%(missing)s of %(all)s missing", missing=row.missing, all=row.missing + row.met)
            )
        return LastLine(
            "ready", _("Ready for %(stage)s", stage=self._stages.get(row.next_stage, row.next_stage))
        )


def head_view(
    key: str,
    name: str,
    count: int,
    waiting: int,
    values: Mapping[str, int],
    meaning: str = "",
    more: bool = False,
    priced: bool = True,
) -> HeadView:
    """A column's head; values in minor units by currency, several currencies short. `more`: than were counted.

    Not `priced`: the words that there is no right to the amounts, in a column that counts something.
    """
    held = {currency: amount for currency, amount in values.items() if currency and amount}
    return HeadView(
        key,
        name,
        count,
        f"{count}+" if more else str(count),
        money.minor_amounts(held, short=len(held) > 1)
        if held
        else ""
        if priced or not count
        else money.no_right(),
        ngettext("%(num)s waiting", "%(num)s waiting", waiting) if waiting else "",
        meaning,
    )
