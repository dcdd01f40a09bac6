"""Check of roles: they permit what exists, and an administrator decides nothing (product.md, Rights; R06)."""

from collections.abc import Iterator

from govapp.domain.permissions import Permission
from govapp.domain.rule_findings import RuleFinding, SetNames, entries, fault, words

P = Permission
ADMINISTRATOR = "administrator"
_GRANTABLE = frozenset(map(str, Permission)) - {str(P.PUBLIC), str(P.SIGNED_IN)}
# "changes no measure, never votes"
_NOT_FOR_ADMINISTRATORS = frozenset({
    P.MEASURE_CREATE, P.MEASURE_EDIT, P.MEASURE_EDIT_ANY, P.MEASURE_MOVE, P.MEASURE_RECYCLE, P.MEASURE_HOLD,
    P.MEASURE_CANCEL, P.MEASURE_REOPEN, P.MEASURE_EMERGENCY, P.MEASURE_DECLARE_STATUS, P.EVIDENCE_SUBMIT,
    P.EVIDENCE_JUDGE, P.REVIEW_DECIDE, P.REVIEW_WITHDRAW, P.CONDITION_FULFIL, P.CONDITION_CONFIRM, P.MILESTONE_EDIT,
    P.RISK_EDIT, P.DEPENDENCY_EDIT, P.KPI_EDIT, P.FINANCE_PLAN, P.FINANCE_FORECAST, P.FINANCE_ACTUAL,
    P.FINANCE_CONFIRM, P.FINANCE_SPLIT_CLAIMS, P.COMMITTEE_RUN, P.COMMITTEE_VOTE,
})  # fmt: skip
# without these somewhere nobody could ever mend the rules or the rights again
_HELD_SOMEWHERE = (P.GOVERNANCE_EDIT, P.GOVERNANCE_ACTIVATE, P.ROLE_GRANT, P.PEOPLE_MANAGE)


def check_roles(names: SetNames) -> Iterator[RuleFinding]:
    """Every permission exists, some role keeps the rules, and the administrator's role changes no measure."""
    held: set[str] = set()
    for raw in entries(names.data.get("roles")):
        key, permissions = str(raw.get("key", "")), words(raw.get("permissions"))
        held.update(permissions)
        for permission in permissions:
            if permission not in _GRANTABLE:
                yield fault("permission_unknown", key, permission=permission)
            elif key == ADMINISTRATOR and permission in _NOT_FOR_ADMINISTRATORS:
                yield fault("administrator_decides", key, permission=permission)
    for needed in _HELD_SOMEWHERE:
        if needed not in held:
            yield fault("permission_nowhere", "roles", permission=str(needed))
