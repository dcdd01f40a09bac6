"""Sentences about reading a file: why a row or a whole file was refused, and what a remark is."""

from collections.abc import Callable

from govapp.domain.imports.results import FileRefused, Problem, Remark
from govapp.present import errors
from govapp.present.language import gettext as _
from govapp.present.measures import word

_LONGEST_SHOWN = 80
_MOST_LISTED = 40


def problem_sentence(problem: Problem) -> str:
    """Plain words for a problem: row, column, value, what is wrong and what to do."""
    make = _WHY.get(problem.code)
    why = make(problem) if make else errors.sentence_of(problem.code)
    place = _place(problem)
    if not problem.column:
        return f"{place}: {why}"
    if not problem.value:
        return _("%(place)s, “%(column)s”: %(why)s", place=place, column=problem.column, why=why)
    return _(
        "%(place)s, “%(column)s”, value “%(value)s”: %(why)s",
        place=place,
        column=problem.column,
        value=shown(problem.value),
        why=why,
    )


def refusal_sentence(refused: FileRefused) -> str:
    """Plain words for why a whole file cannot be read, with what stands in it where that helps."""
    make = _REFUSED.get(refused.code)
    sentence = make(refused) if make else _("The file cannot be read (%(code)s).", code=refused.code)
    return f"{sentence} {_listed(refused.found)}" if refused.found and refused.code in _LISTING else sentence


def remark_sentence(remark: Remark) -> str:
    """The text of a remark, introduced by where it comes from and why it was kept."""
    introduced: dict[str, str] = {
        "no_value": _("%(label)s, no value: %(text)s", label=remark.label, text=remark.text),
        "surplus": _("%(label)s, continued: %(text)s", label=remark.label, text=remark.text),
        "mapped": _("%(label)s as written: %(text)s", label=remark.label, text=remark.text),
        "not_taken": _("%(label)s, not taken: %(text)s", label=remark.label, text=remark.text),
        "replaced_bytes": _(
            "%(label)s held bytes its encoding does not define: %(text)s",
            label=remark.label,
            text=remark.text,
        ),
        "control_characters": _(
            "%(label)s held control characters, left out: %(text)s", label=remark.label, text=remark.text
        ),
    }
    return introduced.get(remark.code) or _("%(label)s: %(text)s", label=remark.label, text=remark.text)


def shown(value: str) -> str:
    """A value short enough for a sentence, on one line, with nothing invisible in it."""
    visible = "".join(sign if sign.isprintable() else " " for sign in value)
    line = " ".join(visible.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"


def column_letters(number: int) -> str:
    """The letters a spreadsheet shows above a column: 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _place(problem: Problem) -> str:
    if problem.across:
        return _("Column %(number)s (%(letters)s)", number=problem.row, letters=column_letters(problem.row))
    return _("Row %(number)s", number=problem.row)


def _listed(found: tuple[str, ...]) -> str:
    names = ", ".join(f"“{shown(name)}”" for name in found[:_MOST_LISTED])
    if len(found) > _MOST_LISTED:
        return _("It has: %(names)s and %(more)s more.", names=names, more=len(found) - _MOST_LISTED)
    return _("It has: %(names)s.", names=names)


def _duplicate(problem: Problem, row: str, column: str) -> str:
    return column if problem.across else row


def _ragged(problem: Problem) -> str:
    found, expected = problem.detail.split("/")
    if problem.across:
        return _(
            "some rows of the file end before this column (the shortest after %(found)s of %(expected)s); "
            "fill them up, or state short_rows: pad in the mapping.",
            found=found,
            expected=expected,
        )
    return _(
        "the row has %(found)s cells where the header has %(expected)s; look for a missing or extra "
        "delimiter or quotation mark.",
        found=found,
        expected=expected,
    )


def _entries(words: str) -> str:
    listed = words.split(", ")
    shown_few = ", ".join(listed[:_MOST_LISTED])
    return f"{shown_few}, …" if len(listed) > _MOST_LISTED else shown_few


def _line_words(held: str) -> str:
    kind, timing, currency = held.split("/")
    return " ".join(filter(None, (word("effect_kind", kind), word("timing", timing).lower(), currency)))


_WHY: dict[str, Callable[[Problem], str]] = {
    "missing_key_and_name": lambda p: _(
        "there is neither a key nor a name, so the measure cannot be told apart."
    ),
    "missing_key": lambda p: _("the key is missing, and this mapping finds measures by it."),
    "missing_key_part": lambda p: _("a part of the key is missing."),
    "missing_name": lambda p: _("the name is missing; a measure needs a title."),
    "missing_value": lambda p: _("a value is missing that the mapping requires."),
    "duplicate_key": lambda p: _duplicate(
        p,
        _("the key stands already in row %(first)s; each measure may stand in a file once.", first=p.detail),
        _(
            "the key stands already in column %(first)s; each measure may stand in a file once.",
            first=p.detail,
        ),
    ),
    "duplicate_name": lambda p: _duplicate(
        p,
        _("the name stands already in row %(first)s, and names tell these measures apart.", first=p.detail),
        _(
            "the name stands already in column %(first)s, and names tell these measures apart.",
            first=p.detail,
        ),
    ),
    "several_values": lambda p: _(
        "another column says something else (%(other)s), and the mapping allows only one value.",
        other=shown(p.detail),
    ),
    "unknown_value": lambda p: _("this word is not in the value map; known are: %(words)s.", words=p.detail),
    "bad_date": lambda p: _("this is no date in the forms the mapping states (%(forms)s).", forms=p.detail),
    "ambiguous_date": lambda p: _(
        "the date can be read in more than one way (%(dates)s); state one form only.", dates=p.detail
    ),
    "bad_amount": lambda p: _("this is no amount as the mapping says amounts are written."),
    "other_currency": lambda p: _(
        "the amount bears a currency sign that is not the one stated (%(currency)s).", currency=p.detail
    ),
    "bad_currency": lambda p: _("a currency is written as its three letters of ISO 4217, such as GBP."),
    "amount_too_large": lambda p: _(
        "the amount is larger than %(limit)s, the largest one kept.", limit=p.detail
    ),
    "amount_too_precise": lambda p: _(
        "the amount is finer than %(decimals)s decimals of its currency; write it "
        "shorter, or state rounding: half_up in the mapping.",
        decimals=p.detail,
    ),
    "bad_year": lambda p: _("a year is written as four digits."),
    "too_long": lambda p: (
        _("the text is longer than %(limit)s characters.", limit=p.detail)
        if p.detail
        else errors.sentence_of("too_long")
    ),
    "unknown_choice": lambda p: _(
        "the organization's list has no such entry; it has: %(words)s. A value map in the mapping can translate.",
        words=_entries(p.detail),
    ),
    "ambiguous_name": lambda p: _(
        "more than one measure, or more than one row, bears this name; say by its key which one is meant."
    ),
    "unknown_stage": lambda p: _("the gates in force there have no such stage."),
    "amount_out_of_range": lambda p: _("the amount is larger than the largest one kept."),
    "branch_unknown": lambda p: _(
        "there is no such branch, and you may not add one there; who keeps the structure can."
    ),
    "no_right_there": lambda p: _("the measure lies where you may not bring in what this file says."),
    "measure_cancelled": lambda p: _("%(key)s is cancelled; reopen it, or leave the row out.", key=p.detail),
    "measure_archived": lambda p: _("%(key)s is an archived proposal and stays as it is.", key=p.detail),
    "other_line": lambda p: _(
        "the measure keeps this line as %(line)s, the mapping states another kind, timing or currency; "
        "name another line.",
        line=_line_words(p.detail),
    ),
    "amount_confirmed": lambda p: _(
        "this amount is confirmed and stays; the controller can reverse the confirmation."
    ),
    "plan_frozen": lambda p: _(
        "the plan is frozen since %(stage)s; bring the figure in as a forecast, or have the measure sent back "
        "to before %(stage)s.",
        stage=p.detail,
    ),
    "plan_date_stands": lambda p: _(
        "%(name)s is held against its plan date, which moves no later; bring the day in as a forecast.",
        name=p.detail,
    ),
    "rate_missing": lambda p: _(
        "the plan would be frozen, and there is no plan rate for %(currency)s; a controller sets it under Finance, "
        "Rates.",
        currency=p.detail,
    ),
    "cell_too_long": lambda p: _(
        "a cell is longer than 131,072 characters; look for a quotation mark that is never closed."
    ),
    "undefined_bytes": lambda p: _(
        "there are bytes the stated encoding does not define (%(bytes)s); state what "
        "they stand for under undefined_bytes.",
        bytes=p.detail,
    ),
    "nul": lambda p: _("there is a NUL character; the file is damaged or its encoding is another one."),
    "ragged": _ragged,
    "broken_quotes": lambda p: _(
        "a quotation mark stands where none may be; double it, or state quotes: lenient in the mapping."
    ),
    "unfinished_quote": lambda p: _(
        "a quotation mark is opened and never closed; the row swallows the file up to line %(line)s.",
        line=p.detail,
    ),
}

_LISTING = ("unknown_columns", "ambiguous_column", "delimiter_unclear")
_REFUSED: dict[str, Callable[[FileRefused], str]] = {
    "empty_file": lambda r: _("The file is empty."),
    "no_header": lambda r: _(
        "The file ends before row %(row)s, where the mapping expects the header.", row=r.value
    ),
    "nul_in_header": lambda r: _(
        "Row %(row)s, the header, holds NUL characters: the file is probably UTF-16; state its encoding.",
        row=r.row,
    ),
    "unknown_columns": lambda r: _(
        "The mapping names columns that are not in the file: %(names)s.", names=r.value
    ),
    "ambiguous_column": lambda r: _(
        "Several columns are called “%(name)s”; say which with “%(name)s#1”, “%(name)s#2” and so on.",
        name=r.value,
    ),
    "delimiter_unclear": lambda r: _(
        "With no delimiter, or with several, the columns of the mapping are found; state the delimiter."
    ),
    "other_encoding": lambda r: _(
        "The file begins with the mark of %(found)s, while the mapping says %(stated)s.",
        found=r.found[0],
        stated=r.value,
    ),
    "no_byte_order": lambda r: _(
        "The file does not say which byte comes first; state %(name)s-le or %(name)s-be as its encoding.",
        name=r.value,
    ),
    "broken_gzip": lambda r: _("The packed file is damaged or cut off."),
    "file_too_large": lambda r: _("The packed file unpacks to more than %(bytes)s bytes.", bytes=r.value),
    "broken_quotes": lambda r: _("Row %(row)s: a quotation mark stands where none may be.", row=r.row),
    "unfinished_quote": lambda r: _("Row %(row)s: a quotation mark is opened and never closed.", row=r.row),
    "cell_too_long": lambda r: _("Row %(row)s: a cell is longer than 131,072 characters.", row=r.row),
}
