"""A second organization beside the invented one: the UK Government Major Projects Portfolio, imported in pounds."""

import gzip
from collections.abc import Callable, Mapping
from functools import partial

import yaml

from govapp.config import ROOT
from govapp.services._work import Origin
from govapp.services.grants import GrantRole, grant_role
from govapp.services.imports import ImportMeasures, import_measures
from govapp.services.structure import AddOrganization, add_organization

YEARS = (2019, 2020, 2023)
ROOT_KEY = "GMPP"
# Who of the cast may look at it, and as what.
ROLES = {
    "ingrid": "leader",
    "tomasz": "program_lead",
    "yasmin": "controller",
    "grace": "auditor",
    "petr": "administrator",
}


def seed_portfolio(
    people: Mapping[str, int], progress: Callable[[str, int, int], None] | None = None
) -> None:
    """Add the organization and import the three yearly returns, one after the other, as a person would by command."""
    origin = Origin(None, "import")
    add_organization(
        AddOrganization(origin, "Government Major Projects", ROOT_KEY, "GBP", 4, "Europe/London", "G")
    )
    for person, role in ROLES.items():
        grant_role(GrantRole(origin, people[person], role, ROOT_KEY))
    for year in YEARS:
        name = f"uk_{year}.csv"
        data = gzip.decompress((ROOT / "demo" / "uk-gmpp" / f"{name}.gz").read_bytes())
        mapping = yaml.safe_load(
            (ROOT / "demo" / "mappings" / f"gmpp-{year}.yaml").read_text(encoding="utf-8")
        )
        import_measures(
            ImportMeasures(origin, name, data, ROOT_KEY, mapping),
            partial(_said, progress, name) if progress else None,
        )


def _said(
    progress: Callable[[str, int, int], None], name: str, phase: str, done: int, total: int, refused: int
) -> None:
    if phase == "importing":
        progress(name, done, total)
