"""Permissions `subject:action`. The list is that of the governance set; roles map to them as data."""

from enum import StrEnum


class Permission(StrEnum):
    """Something a role may permit on a branch."""

    STRUCTURE_VIEW = "structure:view"
    STRUCTURE_EDIT = "structure:edit"
    MEASURE_VIEW = "measure:view"
    MEASURE_CREATE = "measure:create"
    MEASURE_EDIT = "measure:edit"
    MEASURE_EDIT_ANY = "measure:edit-any"
    MEASURE_ASSIGN_PARTS = "measure:assign-parts"
    MEASURE_MOVE = "measure:move"
    MEASURE_RECYCLE = "measure:recycle"
    MEASURE_HOLD = "measure:hold"
    MEASURE_CANCEL = "measure:cancel"
    MEASURE_REOPEN = "measure:reopen"
    MEASURE_EMERGENCY = "measure:emergency"
    MEASURE_DECLARE_STATUS = "measure:declare-status"
    MEASURE_IMPORT = "measure:import"
    MEASURE_OPEN_AT = "measure:open-at"
    MEASURE_EXPORT = "measure:export"
    EVIDENCE_VIEW = "evidence:view"
    EVIDENCE_SUBMIT = "evidence:submit"
    EVIDENCE_JUDGE = "evidence:judge"
    REVIEW_VIEW = "review:view"
    REVIEW_DECIDE = "review:decide"
    REVIEW_WITHDRAW = "review:withdraw"
    CONDITION_FULFIL = "condition:fulfil"
    CONDITION_CONFIRM = "condition:confirm"
    MILESTONE_EDIT = "milestone:edit"
    RISK_EDIT = "risk:edit"
    DEPENDENCY_EDIT = "dependency:edit"
    KPI_EDIT = "kpi:edit"
    KPI_IMPORT = "kpi:import"
    FINANCE_VIEW = "finance:view"
    FINANCE_PLAN = "finance:plan"
    FINANCE_FORECAST = "finance:forecast"
    FINANCE_ACTUAL = "finance:actual"
    FINANCE_CONFIRM = "finance:confirm"
    FINANCE_SPLIT_CLAIMS = "finance:split-claims"
    COMMITTEE_VIEW = "committee:view"
    COMMITTEE_RUN = "committee:run"
    COMMITTEE_VOTE = "committee:vote"
    CATALOGUE_EDIT = "catalogue:edit"
    PLAN_CHECK = "plan:check"
    REPORT_VIEW = "report:view"
    REPORT_MAKE = "report:make"
    REPORT_SCHEDULE = "report:schedule"
    DEPUTY_SET_OWN = "deputy:set-own"
    DEPUTY_MANAGE = "deputy:manage"
    PEOPLE_VIEW = "people:view"
    PEOPLE_MANAGE = "people:manage"
    ROLE_GRANT = "role:grant"
    GOVERNANCE_VIEW = "governance:view"
    GOVERNANCE_EDIT = "governance:edit"
    GOVERNANCE_ACTIVATE = "governance:activate"
    AUDIT_VIEW = "audit:view"
    AUDIT_VERIFY = "audit:verify"
    AUDIT_EXPORT = "audit:export"
    SYSTEM_OPERATE = "system:operate"
    # what everyone or every signed-in person may do; never granted by a role
    PUBLIC = "public:open"
    SIGNED_IN = "account:use"


P = Permission
READ = frozenset({P.MEASURE_VIEW, P.EVIDENCE_VIEW, P.REVIEW_VIEW, P.FINANCE_VIEW})
_SUPPLY = READ | {P.EVIDENCE_SUBMIT}

# The acts of a part on its measure (product.md, Rights as seeded: "reading it and the acts of the part, nothing else").
PART_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "owner": _SUPPLY
    | {
        P.MEASURE_EDIT,
        P.MEASURE_MOVE,
        P.MEASURE_DECLARE_STATUS,
        P.REVIEW_WITHDRAW,
        P.MILESTONE_EDIT,
        P.RISK_EDIT,
    }
    | {P.DEPENDENCY_EDIT, P.KPI_EDIT, P.FINANCE_PLAN, P.FINANCE_FORECAST, P.CONDITION_FULFIL, P.REPORT_MAKE},
    "sponsor": READ
    | {
        P.REVIEW_DECIDE,
        P.MEASURE_RECYCLE,
        P.MEASURE_HOLD,
        P.MEASURE_CANCEL,
        P.CONDITION_CONFIRM,
        P.REPORT_MAKE,
    },
    "controller": READ
    | {P.REVIEW_DECIDE, P.MEASURE_MOVE, P.MEASURE_RECYCLE, P.MEASURE_HOLD, P.MEASURE_REOPEN, P.EVIDENCE_JUDGE}
    | {P.FINANCE_CONFIRM, P.REPORT_MAKE},
    "service_owner": READ | {P.REVIEW_DECIDE, P.EVIDENCE_JUDGE},
    "process_owner": _SUPPLY,
    "reporting_owner": _SUPPLY | {P.KPI_EDIT},
    "finance_contact": _SUPPLY | {P.FINANCE_PLAN, P.FINANCE_ACTUAL},
    "escalation_contact": READ,
}
PARTS = tuple(PART_PERMISSIONS)
DECIDING_PARTS = frozenset(part for part, may in PART_PERMISSIONS.items() if P.REVIEW_DECIDE in may)

# A member edits a measure only where a part is held (product.md); these need a part unless the role may edit any.
NEEDS_PART = frozenset({P.MEASURE_EDIT, P.MILESTONE_EDIT, P.RISK_EDIT, P.DEPENDENCY_EDIT, P.KPI_EDIT})
NEEDS_PART |= {P.FINANCE_PLAN, P.FINANCE_FORECAST, P.FINANCE_ACTUAL, P.MEASURE_DECLARE_STATUS}
