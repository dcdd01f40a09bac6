"""The parts of a mapping that say what columns become: branch, fields, milestones, amounts, statuses."""

from govapp.domain.imports.mapping_values import dates_of, source_of, style_of, values_of
from govapp.domain.imports.rules import (
    BRANCH_KINDS,
    COLOURS,
    FIELDS,
    AmountRule,
    AmountStyle,
    BranchLevel,
    DateForms,
    FieldRule,
    MilestoneRule,
    RemarkRule,
    Source,
    StageRule,
    StatusRule,
    TitleRule,
    ValueMap,
    YearRule,
)
from govapp.domain.imports.sections import MappingError, Section
from govapp.domain.measures import (
    EFFECT_KINDS,
    FIXED,
    LONG,
    NAME,
    SERIES,
    SHORT,
    STATUS_KINDS,
    TEXTS,
    TIMINGS,
)
from govapp.domain.money import CURRENCIES

YES_NO = ("yes", "no")


def columns_of(top: Section, key: str, joiner: str) -> Source:
    """The column or columns under a key, written as a name, a list, or a section with `take` and `joiner`."""
    if isinstance(top.raw(key), dict):
        part = top.section(key)
        source = source_of(part, joiner=joiner)
        part.done()
        return source
    columns = top.texts(key)
    if not columns:
        raise top.fail(key, "is missing; name a column or a list of columns")
    return Source(columns, "join" if key == "key" else "first", joiner)


def title_of(top: Section) -> TitleRule:
    """The columns of the title; a text too long is refused, or cut with the rest as a remark."""
    too_long = "refuse"
    if isinstance(top.raw("title"), dict):
        part = top.section("title")
        too_long = part.choice("too_long", ("refuse", "remark"), "refuse")
        source = source_of(part, joiner=" ")
        part.done()
    else:
        source = columns_of(top, "title", " ")
    return TitleRule(source, SHORT, too_long)


def branch_of(top: Section) -> tuple[BranchLevel, ...]:
    """The levels of the branch, from the highest down; each has a column, a fixed name, or both."""
    levels: list[BranchLevel] = []
    for part in top.sections("branch"):
        kind = part.choice("kind", BRANCH_KINDS)
        if levels and BRANCH_KINDS.index(levels[-1].kind) >= BRANCH_KINDS.index(kind):
            raise part.fail("kind", f"is “{kind}”, which cannot lie under “{levels[-1].kind}”")
        fixed = part.optional_text("fixed")
        if fixed is None and not part.has("column"):
            raise part.fail("column", "is missing; a level needs a column or a fixed name")
        source = source_of(part, joiner=" ") if part.has("column") else Source(())
        levels.append(
            BranchLevel(kind, source, values_of(part, otherwise="keep"), fixed, part.flag("required"))
        )
        part.done()
    return tuple(levels)


def fields_of(top: Section, dates: DateForms) -> tuple[FieldRule, ...]:
    """The measure fields with columns, and those that only have a default."""
    listed = top.section("fields")
    defaults = top.words("defaults")
    rules = []
    for name in listed.names():
        if name not in FIELDS:
            raise listed.fail(name, f"is no field of a measure; there are: {', '.join(FIELDS)}")
        if name in ("title", "external_key"):
            raise listed.fail(
                name, f"is set by the key “{'title' if name == 'title' else 'key'}” of the mapping"
            )
        rules.append(_field(listed, name, dates, defaults.pop(name, None)))
    for name, value in defaults.items():
        if name not in FIELDS or name in ("title", "external_key"):
            raise MappingError(
                f"defaults.{name}", f"is no field of a measure; there are: {', '.join(FIELDS)}"
            )
        rules.append(_fixed_field(name, value, dates))
    return tuple(rules)


def _field(listed: Section, name: str, dates: DateForms, default: str | None) -> FieldRule:
    part = (
        listed.section(name)
        if isinstance(listed.raw(name), dict)
        else Section({"column": listed.raw(name)}, listed.at(name))
    )
    usual = "yes_no" if name == "security_relevant" else "choice" if name in FIXED else "text"
    kind = part.choice("type", ("text", "date", "choice", "yes_no"), usual)
    allowed = YES_NO if kind == "yes_no" else FIXED.get(name, ())
    mapped = part.has("values") or part.has("patterns")
    values = values_of(part, allowed, "refuse" if mapped or kind != "text" else "keep")
    if kind in ("choice", "yes_no") and not allowed and not mapped:
        raise part.fail("values", "is missing; a choice needs its words")
    if default is not None and allowed and default not in allowed:
        raise MappingError(f"defaults.{name}", f"is “{default}”, which is none of: {', '.join(allowed)}")
    forms = dates_of(part, dates)
    if kind == "date" and not forms.forms:
        raise part.fail("date_forms", "is missing, here and under “dates”")
    rule = FieldRule(
        name,
        source_of(part),
        kind,
        values,
        forms,
        part.number("max_length", TEXTS.get(name, SHORT), 1, LONG),
        part.choice("too_long", ("refuse", "remark"), "refuse"),
        part.flag("required"),
        default,
    )
    part.done()
    return rule


def _fixed_field(name: str, value: str, dates: DateForms) -> FieldRule:
    allowed = YES_NO if name == "security_relevant" else FIXED.get(name, ())
    if allowed and value not in allowed:
        raise MappingError(f"defaults.{name}", f"is “{value}”, which is none of: {', '.join(allowed)}")
    kind = "yes_no" if name == "security_relevant" else "text"
    return FieldRule(name, Source(()), kind, ValueMap(), dates, LONG, "refuse", False, value)


def _short(part: Section, key: str, limit: int) -> str:
    """A text of the mapping that becomes a name; as long as one entered by hand may be."""
    text = part.text(key)
    if len(text) > limit:
        raise part.fail(key, f"is longer than {limit} characters")
    return text


def milestones_of(top: Section, dates: DateForms) -> tuple[MilestoneRule, ...]:
    """The date columns that become dates of milestones."""
    rules = []
    for part in top.sections("milestones"):
        name, which = _short(part, "name", SHORT), part.choice("which", ("plan", "forecast", "actual"))
        forms = dates_of(part, dates)
        if not forms.forms:
            raise part.fail("date_forms", "is missing, here and under “dates”")
        rules.append(
            MilestoneRule(
                name,
                which,
                source_of(part),
                forms,
                part.flag("required"),
            )
        )
        part.done()
    return tuple(rules)


def amounts_of(top: Section, style: AmountStyle) -> tuple[AmountRule, ...]:
    """The columns that become effect lines; scale and sign are applied when a cell is read."""
    rules = []
    for part in top.sections("amounts"):
        kind = part.choice("kind", EFFECT_KINDS)
        currency = part.text("currency", "" if kind == "fte" or part.has("currency_column") else None)
        if currency and currency not in CURRENCIES:
            raise part.fail("currency", f"is “{currency}”; write the three letters of ISO 4217, such as GBP")
        sign = part.choice("sign", ("+1", "1", "-1"), "1")
        rules.append(
            AmountRule(
                line=part.text("line_key", ""),
                name=_short(part, "line", SHORT),
                kind=kind,
                category=_short(part, "category", NAME),
                timing=part.choice("timing", TIMINGS),
                series=part.choice("series", SERIES),
                source=source_of(part),
                scale=part.number("scale", 1, 1, 10**12),
                sign=-1 if sign == "-1" else 1,
                currency=currency,
                currency_column=part.text("currency_column", ""),
                style=style_of(part, style),
                required=part.flag("required"),
            )
        )
        part.done()
    return tuple(rules)


def statuses_of(top: Section) -> tuple[StatusRule, ...]:
    """The rating columns that become declared statuses."""
    rules = []
    for part in top.sections("statuses"):
        reason = Source(part.texts("reason"), "join") if part.has("reason") else None
        rules.append(
            StatusRule(
                part.choice("kind", STATUS_KINDS, "implementation"),
                source_of(part),
                values_of(part, COLOURS),
                reason,
                part.flag("required"),
            )
        )
        part.done()
    return tuple(rules)


def open_at_of(top: Section) -> StageRule:
    """The stage new measures are opened at: one word, or a column with a value map."""
    if not top.has("open_at"):
        return StageRule(None, None, ValueMap())
    if not isinstance(top.raw("open_at"), dict):
        return StageRule(top.text("open_at"), None, ValueMap())
    part = top.section("open_at")
    if part.has("stage") and not part.has("column"):
        stage = part.text("stage")
        part.done()
        return StageRule(stage, None, ValueMap())
    rule = StageRule(part.optional_text("stage"), source_of(part), values_of(part))
    part.done()
    return rule


def remarks_of(top: Section) -> tuple[RemarkRule, ...]:
    """The columns kept as remarks."""
    value = top.raw("remarks")
    rules = []
    for number, item in enumerate(value if isinstance(value, list) else [value] if value else [], 1):
        part = Section(item if isinstance(item, dict) else {"column": item}, f"remarks[{number}]")
        source = source_of(part)
        rules.append(RemarkRule(part.text("label", source.columns[0]), source))
        part.done()
    return tuple(rules)


def year_of(top: Section) -> YearRule:
    """The year the file speaks of: a number, or the name of a column."""
    if isinstance(top.raw("year"), int):
        return YearRule(top.number("year", 0, 1000, 9999), "")
    return YearRule(None, top.text("year", ""))
