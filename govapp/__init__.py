"""create_app() is here when it is asked for. The processes that lay out reports import a part and not the whole."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govapp.application import create_app

__version__ = "1.0.0"
__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("govapp.application").create_app
