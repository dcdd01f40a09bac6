"""How a route declares its permission. Menus, the guard and the test that walks the address map read it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Flask

from govapp.domain.permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])
_DECLARED = "govapp_declared"


@dataclass(frozen=True, slots=True)
class Declared:
    """Permissions of a route, one of which must be held somewhere; `poll`: asking does not count as activity (R25)."""

    permissions: tuple[Permission, ...]
    poll: bool = False


def route(
    bp: Blueprint,
    rule: str,
    *,
    permission: Permission | tuple[Permission, ...],
    methods: Iterable[str] = ("GET",),
    poll: bool = False,
) -> Callable[[View], View]:
    """`@route(bp, "/measures/<key>", permission=Permission.MEASURE_VIEW)`: add an address with its permission.

    The permission must be held somewhere (by a grant or a part); the verb or query checks it on the object.
    `PUBLIC` asks for nothing, `SIGNED_IN` for any signed-in person. A tuple means any of them.
    """
    declared = Declared(permission if isinstance(permission, tuple) else (permission,), poll)

    def add(view: View) -> View:
        earlier = vars(view).setdefault(_DECLARED, declared)
        if earlier != declared:
            raise ValueError(f"{view.__name__} is declared twice with different permissions")
        bp.add_url_rule(rule, view.__name__, view, methods=list(methods))
        return view

    return add


def declared_by(app: Flask, endpoint: str) -> Declared | None:
    """What the view of an endpoint declared; None when it declared nothing."""
    view = app.view_functions.get(endpoint)
    return None if view is None else vars(view).get(_DECLARED)
