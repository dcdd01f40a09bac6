"""WTForms fields, one class per type of evidence field. Each reads its text through
`domain/evidence_values.py`."""

from collections.abc import Sequence
from typing import Any

from wtforms import Field
from wtforms.widgets import DateInput, FileInput, TextArea, TextInput, URLInput

from govapp.domain.evidence_fields import FieldSpec, FieldType, choice_label
from govapp.domain.evidence_values import NO, YES, Fault, ValueRefused, date_limits, read_value, write_value


class EvidenceField(Field):
    """A field of an evidence form: `texts` as typed, `data` the clean value, `faults` why it is refused.

    WTForms' own `errors` holds the codes of the faults.
    """

    widget: Any = TextInput()

    def __init__(self, spec: FieldSpec, **kwargs: Any) -> None:
        super().__init__(label=spec.label, description=spec.help, **kwargs)
        self.spec = spec
        self.texts: list[str] = []
        self.read_faults: list[Fault] = []
        self.faults: list[Fault] = []
        self.hidden = False

    def process_data(self, value: Any) -> None:
        """Take a clean value: what the form shows before anything is typed."""
        self.data = value
        self.texts = write_value(self.spec, value)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Read what was sent; what cannot be read is kept in `texts` with its fault."""
        self.texts = [text for text in valuelist if isinstance(text, str)]
        self.data = None
        try:
            self.data = read_value(self.spec, self.texts, self.meta.context)
        except ValueRefused as error:
            self.read_faults.append(error.fault)

    def settle(self, faults: Sequence[Fault]) -> None:
        """Set the outcome of the check."""
        self.faults = list(faults)
        self.errors = [fault.code for fault in faults]

    def _value(self) -> str:
        return self.texts[0] if self.texts else ""

    @property
    def limits(self) -> dict[str, str]:
        """Attributes that let the browser hold the same limits; the server checks them again."""
        if self.spec.type in (FieldType.TEXT, FieldType.LONG_TEXT, FieldType.LINK):
            return {"maxlength": str(int(self.spec.most))}
        return {}


class TextField(EvidenceField):
    """One line of text, perhaps with answers on offer."""

    @property
    def suggestions(self) -> Sequence[str]:
        """Answers on offer; others may be typed."""
        found: Sequence[str] = self.meta.context.suggestions.get(self.spec.name, ())
        return found


class LongTextField(EvidenceField):
    """Text over several lines."""

    widget = TextArea()


class LinkField(EvidenceField):
    """An address, http or https."""

    widget = URLInput()


class NumberField(EvidenceField):
    """A number as text, since a number input hides what was typed when it cannot read it."""


class MoneyField(EvidenceField):
    """An amount in the currency of the measure."""


class DateField(EvidenceField):
    """A day, with the first and last day it takes."""

    widget = DateInput()

    @property
    def limits(self) -> dict[str, str]:
        """First and last day for the browser's calendar."""
        earliest, latest = date_limits(self.spec, self.meta.context.today)
        return {"min": earliest.isoformat(), "max": latest.isoformat()}


class OptionsField(EvidenceField):
    """A field with a fixed set of answers; `templates/components/evidence_form.html` draws them."""

    @property
    def options(self) -> list[tuple[str, str]]:
        """Value and words of each answer."""
        return [(key, choice_label(key)) for key in self.spec.choices]


class ChoiceField(OptionsField):
    """One answer of several, as a list to pick from."""


class ChoicesField(OptionsField):
    """Several answers."""


class YesNoField(OptionsField):
    """Yes or no, nothing chosen beforehand."""

    @property
    def options(self) -> list[tuple[str, str]]:
        """Yes and no."""
        return [(YES, choice_label(YES)), (NO, choice_label(NO))]


class PersonField(ChoiceField):
    """One of the people the caller offers."""

    @property
    def options(self) -> list[tuple[str, str]]:
        """Ids and names of the people on offer."""
        return [(str(person), name) for person, name in self.meta.context.people]

    @property
    def by_email(self) -> bool:
        """True when there are more people than are on offer, so that one may be named by e-mail address."""
        return self.meta.context.person_of is not None


class FileField(EvidenceField):
    """Files: those kept from an earlier revision or draft, and new ones, which replace them."""

    widget = FileInput(multiple=True)

    def process_data(self, value: Any) -> None:
        """Take the files kept so far, each with name, sha256, size and type."""
        self.data = list(value or [])

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Uploads do not come this way: `forms/evidence.py` checks and adds them."""

    @property
    def limits(self) -> dict[str, str]:
        """The endings the browser's picker offers."""
        return {"accept": ",".join(f".{ending}" for ending in endings(self.spec))}


def endings(spec: FieldSpec) -> tuple[str, ...]:
    """The file name endings a field takes; jpg brings jpeg along."""
    return tuple(e for ending in spec.accept for e in ((ending, "jpeg") if ending == "jpg" else (ending,)))


FIELD_CLASSES: dict[FieldType, type[EvidenceField]] = {
    FieldType.TEXT: TextField,
    FieldType.LONG_TEXT: LongTextField,
    FieldType.NUMBER: NumberField,
    FieldType.MONEY: MoneyField,
    FieldType.DATE: DateField,
    FieldType.CHOICE: ChoiceField,
    FieldType.CHOICES: ChoicesField,
    FieldType.YES_NO: YesNoField,
    FieldType.PERSON: PersonField,
    FieldType.FILE: FileField,
    FieldType.LINK: LinkField,
}

__all__ = ["FIELD_CLASSES", "EvidenceField", "FileField", "OptionsField", "endings"]
