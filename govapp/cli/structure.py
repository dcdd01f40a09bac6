"""`flask organization ...` and `flask branch ...`: the tree."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

import click
from flask.cli import AppGroup

from govapp.cli._say import BY_COMMAND, fail, in_one_line
from govapp.data.engine import reading
from govapp.data.structure_queries import root_keys, tree
from govapp.domain.structure import KINDS
from govapp.services.governance import STANDARD_SET, install_set, read_set
from govapp.services.rates import SetPlanRates, set_plan_rates
from govapp.services.structure import AddBranch, AddOrganization, add_branch, add_organization

organization = AppGroup("organization", help="Organizations, the roots of the tree.")
branch = AppGroup("branch", help="Portfolios, programs, projects and measure packages.")


@organization.command("add")
@click.argument("name")
@click.option("--key", required=True, help="Key of the organization and of its root branch.")
@click.option("--currency", default="EUR", show_default=True, help="Three letters, ISO 4217.")
@click.option("--fiscal-month", default=1, show_default=True, help="First month of the fiscal year, 1-12.")
@click.option(
    "--timezone", default="Europe/Berlin", show_default=True, help="Dates end at midnight of this zone."
)
@click.option("--prefix", default="M", show_default=True, help="What keys of measures begin with.")
@in_one_line
def add_an_organization(
    name: str, key: str, currency: str, fiscal_month: int, timezone: str, prefix: str
) -> None:
    """Add an organization with the standard gates (governance/service-team-1.yaml), unless others are installed."""
    if not _any_organization():
        install_set(BY_COMMAND, read_set(STANDARD_SET))
    added = add_organization(AddOrganization(BY_COMMAND, name, key, currency, fiscal_month, timezone, prefix))
    click.echo(f"organization {added.key} added")


@organization.command("rates")
@click.argument("key")
@click.argument("rates", nargs=-1, required=True, metavar="CURRENCY=RATE...")
@click.option("--from", "from_day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First day.")
@click.option("--reason", default="", help="Why a rate that is there already is corrected.")
@in_one_line
def set_rates(key: str, rates: tuple[str, ...], from_day: datetime, reason: str) -> None:
    """Set plan rates of the organization KEY: what one unit of a currency is worth in its own (USD=0.92)."""
    worth: dict[str, Decimal] = {}
    for each in rates:
        currency, equals, rate = each.partition("=")
        try:
            worth[currency] = Decimal(rate)
        except InvalidOperation:
            fail(f"{each} is not a rate such as USD=0.92" if equals else f"{each} names no rate")
    changed = set_plan_rates(SetPlanRates(BY_COMMAND, key, from_day.date(), worth, reason))
    click.echo(f"{changed} of {len(worth)} rates changed")


@branch.command("add")
@click.argument("kind", type=click.Choice(KINDS[1:]))
@click.argument("name")
@click.option(
    "--under", default="", help="Key of the branch above; without it, the organization if there is only one."
)
@click.option("--key", default="", help="Key of the new branch; without it one is made of the name.")
@in_one_line
def add_a_branch(kind: str, name: str, under: str, key: str) -> None:
    """Add a branch of KIND called NAME under one of a higher kind."""
    with reading() as session:
        roots = root_keys(session)
    if not under and len(roots) != 1:
        fail(
            "name the branch above with --under KEY"
            if roots
            else "there is no organization yet: organization add"
        )
    added = add_branch(AddBranch(BY_COMMAND, kind, name, under or roots[0], key=key))
    click.echo(f"{kind} {added.key} added under {under or roots[0]}")


@branch.command("list")
@in_one_line
def list_branches() -> None:
    """Print the tree."""
    with reading() as session:
        for node in tree(session, None):
            click.echo(
                f"{'  ' * node.depth}{node.key}  {node.name} ({node.kind}{', archived' if node.archived else ''})"
            )


def _any_organization() -> bool:
    with reading() as session:
        return bool(root_keys(session))
