"""The tree: every level with counts and values per stage, and adding, renaming, moving, archiving branches."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from govapp.data.engine import reading
from govapp.data.grid_pages import fiscal_month_of
from govapp.data.structure_queries import measures_by_part, roll_ups, stage_names, tree, way_to
from govapp.domain.errors import Invalid, NotFound, Stale
from govapp.domain.permissions import Permission
from govapp.domain.structure import KINDS, may_lie_under
from govapp.present.errors import sentences_of
from govapp.present.structure import kind_word, month_choices
from govapp.services.fiscal_years import SetFiscalStart, set_fiscal_start
from govapp.services.structure import (
    AddBranch,
    ArchiveBranch,
    MoveBranch,
    RenameBranch,
    add_branch,
    archive_branch,
    move_branch,
    rename_branch,
)
from govapp.web._context import actor, origin
from govapp.web._fields import form_key, number, text
from govapp.web._hx import page, see_other
from govapp.web._routes import route

bp = Blueprint("structure", __name__)
P = Permission
MOST_SHOWN = 500


@route(bp, "/structure", permission=P.STRUCTURE_VIEW)
def show_tree() -> Response:
    """Every branch the person may read, each with the figures of everything below it."""
    return page("structure/tree.html", **_tree(None))


@route(bp, "/structure/<key>", permission=P.STRUCTURE_VIEW)
def show_branch(key: str) -> Response:
    """One branch: its place, its figures by stage, what lies below, and what may be done to it."""
    return _show(key)


@route(bp, "/structure/<key>/branches", permission=P.STRUCTURE_EDIT, methods=["POST"])
def add(key: str) -> Response:
    """Add a branch below."""

    def do() -> str:
        command = AddBranch(
            origin(), text("kind", 40), text("name", 400), key, text("key", 100), action_key=form_key()
        )
        return add_branch(command).key

    return _done(key, "add", do)


@route(bp, "/structure/<key>/name", permission=P.STRUCTURE_EDIT, methods=["POST"])
def rename(key: str) -> Response:
    """Rename it."""
    return _done(
        key,
        "name",
        lambda: rename_branch(RenameBranch(origin(), key, text("name", 400), number("version"), form_key())),
    )


@route(bp, "/structure/<key>/fiscal-year", permission=P.SYSTEM_OPERATE, methods=["POST"])
def set_fiscal_year(key: str) -> Response:
    """Set the month in which the organization's fiscal year begins."""

    def do() -> None:
        command = SetFiscalStart(origin(), key, number("fiscal_month"), number("version"), form_key())
        set_fiscal_start(command)

    return _done(key, "fiscal", do)


@route(bp, "/structure/<key>/place", permission=P.STRUCTURE_EDIT, methods=["POST"])
def move(key: str) -> Response:
    """Move it with everything below."""
    return _done(
        key,
        "place",
        lambda: move_branch(MoveBranch(origin(), key, text("under", 100), number("version"), form_key())),
    )


@route(bp, "/structure/<key>/archive", permission=P.STRUCTURE_EDIT, methods=["POST"])
def archive(key: str) -> Response:
    """Take it out of use, or bring it back."""
    gone = text("archived") == "1"
    return _done(
        key,
        "archive",
        lambda: archive_branch(ArchiveBranch(origin(), key, gone, number("version"), form_key())),
    )


def _done(key: str, form: str, act: Callable[[], str | None]) -> Response:
    try:
        made = act()
    except (Invalid, Stale) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return _show(key, form=form, errors=sentences_of(error), typed=request.form, status=status)
    return see_other(f"/structure/{made or key}", _("Saved."))


def _founds(kind: str, path: str) -> bool:
    """Whether this is an organization whose fiscal year the person may set."""
    return kind == KINDS[0] and actor().grant_for(P.SYSTEM_OPERATE, path) is not None


def _readable() -> list[str]:
    return [grant.path for grant in actor().grants if P.STRUCTURE_VIEW in grant.permissions]


def _tree(under: str | None) -> dict[str, Any]:
    """The rolled-up branches, at or below one path when it is given."""
    with reading() as session:
        nodes = [node for node in tree(session, _readable()) if under is None or node.path.startswith(under)]
        rolled = roll_ups(session, nodes)
        beyond = measures_by_part(session, actor().id or 0, _readable())
        stages = stage_names(session)
    everything = actor().holds_anywhere(P.SYSTEM_OPERATE)
    priced = {node.id for node in nodes if actor().grant_for(P.FINANCE_VIEW, node.path)}
    return {
        "rolled": rolled[:MOST_SHOWN], "left": max(len(rolled) - MOST_SHOWN, 0), "stages": stages, "beyond": beyond,
        "kind_word": kind_word, "top": min((row.node.depth for row in rolled), default=0), "operates": everything,
        "priced": priced,
    }  # fmt: skip


def _show(key: str, status: int = 200, **again: Any) -> Response:
    with reading() as session:
        nodes = {node.key: node for node in tree(session, _readable())}
        node = nodes.get(key)
        if node is None:
            raise NotFound("not_found")
        way = way_to(session, node.path)
        fiscal_month = fiscal_month_of(session, node.organization_id)
    edits = actor().grant_for(P.STRUCTURE_EDIT, node.path) is not None
    above = [
        other for other in nodes.values()
        if may_lie_under(node.kind, other.kind) and not other.path.startswith(node.path) and not other.archived
        and other.organization_id == node.organization_id and actor().grant_for(P.STRUCTURE_EDIT, other.path)
    ]  # fmt: skip
    known = {path for _key, _name, path in way if any(path.startswith(readable) for readable in _readable())}
    return page(
        "structure/branch.html", status=status, node=node, way=[(k, n, p in known) for k, n, p in way[:-1]],
        fiscal_month=fiscal_month, month_choices=month_choices(), founds=_founds(node.kind, node.path),
        edits=edits, above=above, below=[(kind, kind_word(kind)) for kind in KINDS if may_lie_under(kind, node.kind)],
        **(_tree(node.path) | {"errors": {}, "typed": {}, "form": ""} | again),
    )  # fmt: skip
