"""The mapping as a whole: what a file's columns mean for measures, read from keys and values and checked."""

from dataclasses import dataclass
from typing import Any

from govapp.domain.imports import mapping_rules as rules
from govapp.domain.imports.mapping_layout import layout_of, refuse_unknown_spans
from govapp.domain.imports.mapping_values import dates_of, no_dates, no_value_of, plain_style, style_of
from govapp.domain.imports.rules import (
    AmountRule,
    BranchLevel,
    FieldRule,
    Layout,
    MilestoneRule,
    NoValue,
    RemarkRule,
    Source,
    StageRule,
    StatusRule,
    TitleRule,
    YearRule,
)
from govapp.domain.imports.sections import MappingError, Section

MATCHES = ("key", "name", "key_then_name")


@dataclass(frozen=True, slots=True)
class Mapping:
    """All that reading depends on; `source` is where keys come from, `match` how measures are found again."""

    name: str
    source: str
    layout: Layout
    match: str
    key: Source | None
    title: TitleRule
    branch: tuple[BranchLevel, ...]
    fields: tuple[FieldRule, ...]
    milestones: tuple[MilestoneRule, ...]
    amounts: tuple[AmountRule, ...]
    statuses: tuple[StatusRule, ...]
    open_at: StageRule
    no_value: NoValue
    remarks: tuple[RemarkRule, ...]
    year: YearRule

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Mapping":
        """Build a mapping from the keys and values of its file.

        Raises MappingError with a sentence that names the key and says what is expected there; a key nobody
        knows is refused too. The keys are described in demo/mappings/README.md.
        """
        top = Section(values)
        layout = layout_of(top)
        refuse_unknown_spans(layout)
        dates_part, style_part = top.section("dates"), top.section("amount_style")
        dates, style = dates_of(dates_part, no_dates()), style_of(style_part, plain_style())
        dates_part.done()
        style_part.done()
        key = rules.columns_of(top, "key", "-") if top.has("key") else None
        match = top.choice("match", MATCHES, "key_then_name" if key else "name")
        if key is None and match != "name":
            raise top.fail("key", "is missing, and match says that measures are found by it")
        mapping = cls(
            name=top.text("name"),
            source=top.text("source"),
            layout=layout,
            match=match,
            key=key,
            title=rules.title_of(top),
            branch=rules.branch_of(top),
            fields=rules.fields_of(top, dates),
            milestones=rules.milestones_of(top, dates),
            amounts=rules.amounts_of(top, style),
            statuses=rules.statuses_of(top),
            open_at=rules.open_at_of(top),
            no_value=no_value_of(top),
            remarks=rules.remarks_of(top),
            year=rules.year_of(top),
        )
        _one_value_each(mapping)
        top.done()
        return mapping


def _one_value_each(mapping: Mapping) -> None:
    needs_year = [rule.name for rule in mapping.amounts if "{year}" in rule.name]
    if needs_year and mapping.year == YearRule(None, ""):
        raise MappingError("year", f"is missing, and the line “{needs_year[0]}” is named after it")
    groups: tuple[tuple[str, list[tuple[str, ...]]], ...] = (
        ("amounts", [(rule.name, rule.series) for rule in mapping.amounts]),
        ("milestones", [(rule.name, rule.which) for rule in mapping.milestones]),
        ("statuses", [(rule.kind,) for rule in mapping.statuses]),
        ("branch", [(level.kind,) for level in mapping.branch]),
    )
    for key, found in groups:
        twice = next((item for item in found if found.count(item) > 1), None)
        if twice:
            raise MappingError(
                key, f"gives two values for “{' / '.join(twice)}”; one measure holds one of each"
            )
