"""`flask governance install` and `flask rules ...`: gates, forms, roles and deciders from a file, in versions."""

from pathlib import Path

import click
from flask.cli import AppGroup

from govapp.cli._say import BY_COMMAND, EverySecond, fail, in_one_line
from govapp.data.engine import reading
from govapp.data.gates import Replay, WorkflowVersion
from govapp.data.version_queries import Scope, version_numbered, versions
from govapp.domain.errors import Invalid
from govapp.domain.rights import SYSTEM
from govapp.domain.rule_check import check as check_set
from govapp.domain.rule_findings import RuleFinding, fault
from govapp.present.rule_faults import finding_sentence
from govapp.present.rule_pages import SetView
from govapp.present.rule_words import change_lines
from govapp.present.trial_words import fault_sentence, group_heading, group_lines, sorted_groups
from govapp.services._work import now
from govapp.services.drafts import (
    ActivateVersion,
    DiscardDraft,
    DraftVersion,
    activate_version,
    check_version,
    discard_draft,
    draft_version,
)
from govapp.services.governance import STANDARD_SET, install_set, read_set
from govapp.services.migrating import MigrateMeasures, preview_migration, scope_of, start_migration
from govapp.services.migration_runs import run_migration
from govapp.services.replay_runs import run_replay
from govapp.services.replays import StartReplay, start_replay

governance = AppGroup("governance", help="Gates, forms and rules as data.")
rules = AppGroup(
    "rules", help="Versions of gates, forms and rules: draft, check, switch on, migrate measures, try out."
)
WORKFLOW = click.option("--workflow", default="", help="Key of the workflow; needed where there are several.")


@governance.command("install")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=STANDARD_SET)
@in_one_line
def install(file: Path) -> None:
    """Install FILE (default: the standard set) as the next version and switch it on; the same file changes nothing."""
    try:
        done = install_set(BY_COMMAND, read_set(file))
    except Invalid as error:
        _say_faults(error)
        raise
    what = "is now active" if done.changed else "was active already"
    click.echo(f"{done.workflow}, version {done.number}, {what}")


@rules.command("list")
@in_one_line
def list_versions() -> None:
    """Every version with its state and how many measures go on under it."""
    with reading() as session:
        for row in versions(session):
            note = f"  {row.note}" if row.note else ""
            click.echo(
                f"{row.workflow}  {row.number}  {row.state}  {row.measures} measures  {row.digest[:12]}{note}"
            )


@rules.command("draft")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--copy", "copied", type=int, help="Copy this version instead of reading FILE.")
@click.option("--replace", type=int, help="Take the place of this draft instead of being a further one.")
@click.option("--note", default="", help="What it is about.")
@WORKFLOW
@in_one_line
def draft(file: Path | None, copied: int | None, replace: int | None, note: str, workflow: str) -> None:
    """Keep FILE as a draft and say what the check finds. A draft may hold faults; it is switched on without any."""
    if (file is None) == (copied is None):
        fail("give a FILE, or a version with --copy")
    made = draft_version(
        DraftVersion(
            BY_COMMAND,
            read_set(file) if file else {},
            copy_of=None if copied is None else _id(workflow, copied),
            replaces=None if replace is None else _id(workflow, replace),
            note=note,
        )
    )
    click.echo(f"{made.workflow}, version {made.number}, is kept as a draft")
    _say(made.findings)


@rules.command("discard")
@click.argument("number", type=int)
@WORKFLOW
@in_one_line
def discard(number: int, workflow: str) -> None:
    """Throw the draft NUMBER away."""
    discard_draft(DiscardDraft(BY_COMMAND, _id(workflow, number)))
    click.echo(f"version {number} is thrown away")


@rules.command("check")
@click.argument("what")
@WORKFLOW
@in_one_line
def check(what: str, workflow: str) -> None:
    """Say all that is wrong with WHAT: the number of a version, or a file. Ends with status 1 when there are faults."""
    found = (
        check_version(SYSTEM, _id(workflow, int(what))) if what.isdigit() else check_set(read_set(Path(what)))
    )
    _say(found)
    if any(each.stops for each in found):
        raise SystemExit(1)


@rules.command("activate")
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why; it stands in the history.")
@WORKFLOW
@in_one_line
def activate(number: int, reason: str, workflow: str) -> None:
    """Switch version NUMBER on: new measures start under it, all others keep theirs."""
    try:
        activate_version(ActivateVersion(BY_COMMAND, _id(workflow, number), reason))
    except Invalid as error:
        _say_faults(error)
        raise
    click.echo(f"version {number} is now active")


@rules.command("migrate")
@click.argument("number", type=int)
@click.option("--measure", "keys", multiple=True, help="Key of a measure; can be repeated.")
@click.option("--under", "branch", default="", help="All measures under this branch.")
@click.option("--all", "everything", is_flag=True, help="All measures of the workflow.")
@click.option("--reason", default="", help="Why; it stands in the history of each measure.")
@click.option("--dry-run", is_flag=True, help="Only say what would change for each.")
@WORKFLOW
@in_one_line
def migrate(
    number: int,
    keys: tuple[str, ...],
    branch: str,
    everything: bool,
    reason: str,
    dry_run: bool,
    workflow: str,
) -> None:
    """Bring measures to version NUMBER. A measure with an open review is refused, and one whose stage is gone."""
    version_id = _id(workflow, number)
    named = tuple(key.upper() for key in keys)
    if dry_run:
        with reading() as session:
            scope = scope_of(session, SYSTEM, named, branch, everything=everything)
        _say_preview(version_id, scope)
        return
    command = MigrateMeasures(BY_COMMAND, version_id, reason, named, branch, everything)
    done = run_migration(start_migration(command, by_job=False), EverySecond(), "cli")
    if done is not None:
        click.echo(
            f"{done.changed} brought to version {number}, {done.refused} refused, {done.unchanged} there already"
        )


def _say_preview(version_id: int, scope: Scope) -> None:
    found = preview_migration(SYSTEM, version_id, scope, now())
    for each in found.planned:
        verb = "refused" if each.change.refused else f"from version {each.number}"
        click.echo(f"{each.key}  {verb}  {' '.join(change_lines(each.change))}")
    click.echo(f"{found.total} measures; nothing was changed")


@rules.command("replay")
@click.argument("number", type=int)
@click.option(
    "--last", default=1000, show_default=True, help="So many of the newest decisions; all open measures too."
)
@WORKFLOW
@in_one_line
def replay(number: int, last: int, workflow: str) -> None:
    """Try version NUMBER on past decisions and open measures, and say what would come out otherwise and why."""
    trial = start_replay(StartReplay(BY_COMMAND, _id(workflow, number), last), by_job=False)
    run_replay(trial, EverySecond(), seconds=float("inf"))
    with reading() as session:
        row = session.get_one(Replay, trial)
        version = session.get_one(WorkflowVersion, row.workflow_version_id)
        stages = SetView(version.definition).stage_names
        for group in sorted_groups(row.differences):  # type: ignore[arg-type]  # JSON
            click.echo(f"{group_heading(group, stages)}: {' '.join(group_lines(group))}")
        for each in row.faults:
            click.echo(f"not reproduced: {fault_sentence(each)}")  # type: ignore[arg-type]  # JSON
        click.echo(f"{row.done} looked at, {row.differing} come out otherwise, {row.faulty} not reproduced")


def _id(workflow: str, number: int) -> int:
    """Row of a version by its number."""
    with reading() as session:
        found = version_numbered(session, workflow, number)
    if found is None:
        fail(f"there is no version {number}, or several workflows have one: say --workflow")
    return found


def _say(found: tuple[RuleFinding, ...]) -> None:
    for each in found:
        click.echo(f"{each.level}: {finding_sentence(each)}")
    if not found:
        click.echo("nothing is wrong with it")


def _say_faults(error: Invalid) -> None:
    for code, about, values in error.values.get("faults", ()):
        click.echo(f"fault: {finding_sentence(fault(code, about, **values))}", err=True)
