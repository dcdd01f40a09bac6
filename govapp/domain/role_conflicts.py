"""Roles one person may not hold together in one organization (product.md, duties kept apart; R06)."""

_ADMINISTRATOR = "administrator"
AUDITOR = "auditor"
_APART: dict[str, frozenset[str]] = {
    _ADMINISTRATOR: frozenset({"controller", "approver", "program_lead", AUDITOR}),
    AUDITOR: frozenset({"member", "program_lead", "controller", "approver", "leader", _ADMINISTRATOR}),
}


def conflict_with(held: frozenset[str], asked: str) -> str | None:
    """The held role that forbids the asked one, or None.

    Source: governance set, `separation_of_duties`: administrator-controller, -approver, -program-lead, auditor-any.
    """
    for role in sorted(held):
        if role != asked and (
            asked in _APART.get(role, frozenset()) or role in _APART.get(asked, frozenset())
        ):
            return role
    return None
