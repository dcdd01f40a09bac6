"""The parts of a mapping that say how cells become values: sources, value maps, dates, amounts, no value."""

import unicodedata

from govapp.domain.imports.dates import ENGLISH_MONTHS, form_fault, is_partial, needs_century
from govapp.domain.imports.rules import AmountStyle, DateForms, NoValue, Pattern, Source, ValueMap
from govapp.domain.imports.sections import Section, as_text, checked_pattern

TAKES = ("first", "join", "only")
_MONTHS = 12
_THOUSANDS = {"comma": ",", "point": ".", "space": " ", "apostrophe": "'", "none": ""}
_NEGATIVES = ("minus", "parentheses", "trailing")


def folded(text: str) -> str:
    """A text for comparing: NFC, runs of white space as one space, ends stripped, without regard to case."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def source_of(part: Section, key: str = "column", joiner: str = "\n\n") -> Source:
    """The column or columns of a value, with `take` and `joiner` beside them."""
    columns = part.texts(key)
    if not columns:
        raise part.fail(key, "is missing; name a column or a list of columns")
    return Source(columns, part.choice("take", TAKES, "first"), part.text("joiner", joiner))


def values_of(part: Section, allowed: tuple[str, ...] = (), otherwise: str = "refuse") -> ValueMap:
    """The value map of a rule: `values`, `patterns`, `otherwise` (refuse, keep, `use: word`)."""
    words = part.words("values")
    patterns = []
    for item in part.sections("patterns"):
        pattern = checked_pattern(item.text("matches"), item.at("matches"))
        patterns.append((Pattern.of(pattern), item.text("is")))
        item.done()
    fallback, fixed = part.raw("otherwise"), None
    if isinstance(fallback, dict):
        use = part.section("otherwise")
        fixed, otherwise = use.text("use"), "use"
        use.done()
    else:
        otherwise = part.choice("otherwise", ("refuse", "keep"), otherwise)
    for word in (*words.values(), *(word for _, word in patterns), *([fixed] if fixed is not None else [])):
        if allowed and word not in allowed:
            raise part.fail("values", f"leads to “{word}”, which is none of: {', '.join(allowed)}")
    pairs = tuple((folded(word), meant) for word, meant in words.items())
    if len(dict(pairs)) != len(pairs):
        raise part.fail("values", "names the same word twice (upper and lower case are not told apart)")
    return ValueMap(pairs, tuple(patterns), otherwise, fixed, part.flag("keep_original"))


def dates_of(part: Section, inherited: DateForms) -> DateForms:
    """The date forms of a section; what it leaves out is taken from the mapping's own `dates`."""
    forms = part.texts("date_forms") or inherited.forms
    century: int | None = inherited.century_from
    if part.has("century_from"):
        century = part.number("century_from", 0, 1000, 9900)
    partial = (
        part.choice("partial_day", ("first", "last"), inherited.partial or "first")
        if part.has("partial_day")
        else inherited.partial
    )
    for form in forms:
        fault = form_fault(form)
        if fault:
            raise part.fail("date_forms", f"has “{form}”, which {fault}")
        if needs_century(form) and century is None:
            raise part.fail(
                "century_from", f"is missing: “{form}” has two-digit years, say where they begin (1970)"
            )
        if is_partial(form) and partial is None:
            raise part.fail("partial_day", f"is missing: “{form}” has no day, say first or last")
    return DateForms(forms, century, partial, _months(part) or inherited.months)


def no_dates() -> DateForms:
    """The date forms of a mapping that states none: no form at all, English months."""
    return DateForms((), None, None, ENGLISH_MONTHS)


def _months(part: Section) -> tuple[tuple[str, int], ...]:
    value = part.raw("month_names")
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) != _MONTHS:
        raise part.fail("month_names", "must list twelve names (or lists of spellings) from January on")
    found: dict[str, int] = {}
    for number, item in enumerate(value, 1):
        for name in item if isinstance(item, list) else [item]:
            spelling = as_text(name, part.at("month_names")).rstrip(".").casefold()
            if found.setdefault(spelling, number) != number:
                raise part.fail("month_names", f"gives “{name}” to two months")
    return tuple(found.items())


def style_of(part: Section, inherited: AmountStyle) -> AmountStyle:
    """How amounts are written; what a section leaves out is taken from the mapping's own `amount_style`."""
    decimal = part.choice("decimal", (".", ",", "point", "comma"), inherited.decimal)
    decimal = {"point": ".", "comma": ","}.get(decimal, decimal)
    thousands = (
        tuple(_THOUSANDS.get(mark, mark) for mark in part.texts("thousands"))
        if part.has("thousands")
        else inherited.thousands
    )
    thousands = tuple(mark for mark in thousands if mark)
    if any(len(mark) != 1 or mark not in ",. '’_" for mark in thousands):
        raise part.fail("thousands", f"must be some of: {', '.join(_THOUSANDS)}")
    if decimal in thousands:
        raise part.fail(
            "thousands", f"names “{decimal}”, which is the decimal sign; amounts would be ambiguous"
        )
    negatives = part.texts("negatives") or inherited.negatives
    for word in negatives:
        if word not in _NEGATIVES:
            raise part.fail("negatives", f"has “{word}”, which is none of: {', '.join(_NEGATIVES)}")
    signs = part.words("signs")
    units = {unit: _factor(part, unit, factor) for unit, factor in part.words("units").items()}
    return AmountStyle(
        decimal,
        thousands,
        negatives,
        tuple(signs.items()) or inherited.signs,
        tuple(units.items()) or inherited.units,
        part.choice("rounding", ("refuse", "half_up"), inherited.rounding),
    )


def plain_style() -> AmountStyle:
    """The style of a mapping that states none: decimal point, no thousands mark, a leading minus, exact."""
    return AmountStyle(".", (), ("minus",), (), (), "refuse")


def _factor(part: Section, unit: str, factor: str) -> int:
    if not factor.isdecimal() or not 1 <= int(factor) <= 10**12:
        raise part.fail(
            "units", f"gives “{unit}” the factor “{factor}”; write a whole number such as 1000000"
        )
    return int(factor)


def no_value_of(top: Section) -> NoValue:
    """What counts as no value: `texts` and `patterns` (kept as remarks), `empty` (as if empty)."""
    part = top.section("no_value")
    patterns = tuple(
        Pattern.of(checked_pattern(text, part.at("patterns"))) for text in part.texts("patterns")
    )
    found = NoValue(
        frozenset(map(folded, part.texts("texts"))),
        patterns,
        frozenset({folded(text) for text in part.texts("empty")} | {""}),
    )
    part.done()
    return found
