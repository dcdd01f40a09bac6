"""Tests talk to this machine only: any other address is refused before a packet leaves."""

import ipaddress
import sys
from typing import Any

_state = {"watching": False}


class NetworkForbidden(RuntimeError):
    """A test tried to reach another machine."""


def _is_here(host: str) -> bool:
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _is_here(str(address[0])):
            raise NetworkForbidden(f"a test tried to connect to {address[0]}")
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else host or ""
        if not _is_here(name) and not _is_number(name):
            raise NetworkForbidden(f"a test tried to look up {name}")


def _is_number(name: str) -> bool:
    """Looking up a bare address asks nobody."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def forbid_other_machines() -> None:
    """From now on this process reaches only the loopback addresses. Cannot be undone (an audit hook stays)."""
    if not _state["watching"]:
        _state["watching"] = True
        sys.addaudithook(_watch)
