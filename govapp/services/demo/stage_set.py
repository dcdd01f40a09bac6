"""Sets the stage of the demonstration: organization, structure, lists, people, roles, groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from govapp.domain.structure import key_from
from govapp.services._work import Origin
from govapp.services.choices import ChoiceItem, SetChoices, SetGroup, set_choices, set_group
from govapp.services.claims import SetCostObject, set_cost_object
from govapp.services.governance import install_set, read_set
from govapp.services.grants import GrantRole, grant_role
from govapp.services.people import AddPerson, add_person
from govapp.services.rates import SetPlanRates, set_plan_rates
from govapp.services.structure import AddBranch, AddOrganization, add_branch, add_organization

_GROUP_NAMES = {
    "technical-validators": "Technical validators",
    "risk-reviewers": "Risk reviewers",
    "security-reviewers": "Security reviewers",
    "change-authority": "Change authority",
    "budget-holders": "Budget holders",
    "contract-reviewers": "Contract reviewers",
    "steering-committee": "Steering committee",
}


@dataclass
class Stage:
    """What the play needs to know: people by key, the lead of each package's program, the moment it all began."""

    began: datetime
    people: dict[str, int] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)

    def origin(self, person: str, at: datetime, absent: str | None = None) -> Origin:
        """Somebody of the cast (or `system`) acting at a moment of the year, perhaps for somebody who is absent."""
        acting = None if person == "system" else self.people[person]
        return Origin(acting, "import", at=at, on_behalf_of=self.people[absent] if absent else None)


def set_stage(data: Mapping[str, Any], began: datetime) -> Stage:
    """Organization with its tree, lists and rates, the fourteen people and their roles."""
    stage = Stage(began)
    system = Origin(None, "import", at=began)
    install_set(system, read_set())
    organization = data["organization"]
    zone = data["programme"]["timezone"]
    add_organization(
        AddOrganization(
            system, organization["name"], organization["key"], data["programme"]["currency"], 1, zone, "M"
        )
    )
    _branches(data["structure"], organization["key"], system, stage)
    for person in data["people"]:
        stage.people[person["key"]] = add_person(
            AddPerson(system, person["email"], person["name"], person["title"])
        )
    _lists(data, organization["key"], system, stage)
    _rates(data, organization["key"], system)
    for one in data["cost_objects"]:
        cost = Decimal(str(one["yearly_cost"]))
        set_cost_object(
            SetCostObject(
                organization["key"], one["key"], one["name"], one["kind"], one["currency"], system, cost
            )
        )
    for person in data["people"]:
        for grant in person["roles"]:
            grant_role(GrantRole(system, stage.people[person["key"]], grant["role"], grant["branch"]))
    for group in data["groups"]:
        members = [stage.people[key] for key in group["members"]]
        chair = stage.people[group["chair"]] if "chair" in group else None
        set_group(
            SetGroup(
                system,
                organization["key"],
                group["key"],
                _GROUP_NAMES[group["key"]],
                members,
                chair,
                group.get("quorum"),
            )
        )
    return stage


def _branches(structure: Mapping[str, Any], root: str, system: Origin, stage: Stage) -> None:
    for one in structure["portfolios"]:
        add_branch(AddBranch(system, "portfolio", one["name"], root, one["key"]))
    leads: dict[str, str] = {}
    for kind, rows, above in (
        ("program", structure["programs"], "portfolio"),
        ("project", structure["projects"], "program"),
        ("measure_package", structure["measure_packages"], "project"),
    ):
        for one in rows:
            add_branch(AddBranch(system, kind, one["name"], one[above], one["key"]))
            leads[one["key"]] = one["lead"] if kind == "program" else leads[one[above]]
    stage.leads = leads


def _rates(data: Mapping[str, Any], organization: str, system: Origin) -> None:
    """The rates of the plan year, without which nothing in a foreign currency could be decided by its value."""
    own, year = data["programme"]["currency"], data["programme"]["as_of"].replace(month=1, day=1)
    rates = {
        currency: Decimal(str(rate))
        for currency, rate in data["exchange_rates"]["plan_2026"].items()
        if currency != own
    }
    set_plan_rates(SetPlanRates(system, organization, year, rates))


def _service(said: Mapping[str, Any], people: Mapping[str, int]) -> dict[str, Any]:
    """What the catalogue keeps of a service; people by id."""
    return {
        "tier": said["tier"],
        "category": said["category"],
        "owner": people[said["owner"]],
        "deputy_owner": people[said["deputy_owner"]],
        "support_group": said["support_group"],
        "users": said["users"],
    }


def _lists(data: Mapping[str, Any], organization: str, system: Origin, stage: Stage) -> None:
    rules = read_set()
    company = data["organization"]
    lists: dict[str, list[ChoiceItem]] = {
        "business_units": [ChoiceItem(x["key"], x["name"]) for x in company["business_units"]],
        "legal_entities": [
            ChoiceItem(x["key"], x["name"], {"currency": x["currency"], "calendar": x["calendar"]})
            for x in company["legal_entities"]
        ],
        "functions": [ChoiceItem(x["key"], x["name"]) for x in company["functions"]],
        "services": [ChoiceItem(x["key"], x["name"], _service(x, stage.people)) for x in data["services"]],
        "vendors": [ChoiceItem(key_from(x["name"]), x["name"]) for x in data["vendors"]],
    }
    categories = rules.get("request_categories") or ()
    lists["request_categories"] = [ChoiceItem(x["key"], x["name"]) for x in categories]
    for name, items in lists.items():
        if items:
            set_choices(SetChoices(system, organization, name, items))
