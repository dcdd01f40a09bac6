"""Events of the history. Each declares its chain and the payload fields it must carry."""

from enum import StrEnum

from govapp.domain.permissions import Permission


class Event(StrEnum):
    """Something that was done or refused."""

    MEASURE_PROPOSED = "measure:proposed"
    MEASURE_EDITED = "measure:edited"
    MEASURE_ARCHIVED = "measure:archived"
    MEASURE_OPENED_AT = "measure:opened-at"
    MEASURE_IMPORTED = "measure:imported"
    PARTS_ASSIGNED = "measure:parts-assigned"
    MEASURE_MOVED = "measure:moved"
    MOVE_REFUSED = "measure:move-refused"
    MEASURE_HELD = "measure:held"
    MEASURE_RELEASED = "measure:released"
    MEASURE_CANCELLED = "measure:cancelled"
    MEASURE_REOPENED = "measure:reopened"
    MEASURE_COMMENTED = "measure:commented"
    MEASURES_SETTLED = "measure:settled"
    MILESTONE_CHANGED = "milestone:changed"
    RISK_CHANGED = "risk:changed"
    DEPENDENCY_CHANGED = "dependency:changed"
    STATUS_DECLARED = "status:declared"
    EFFECT_CHANGED = "finance:effect-changed"
    PLAN_RATES_SET = "finance:plan-rates-set"
    ACTUAL_RATES_SET = "finance:actual-rates-set"
    GRID_CHANGED = "finance:grid-changed"
    FORECAST_SHIFTED = "finance:forecast-shifted"
    PLAN_FROZEN = "finance:plan-frozen"
    PLAN_CHANGE_OPENED = "finance:plan-change-opened"
    PLAN_CHANGE_ASKED = "finance:plan-change-asked"
    PLAN_CHANGE_VOTED = "finance:plan-change-voted"
    PLAN_CHANGE_ENDED = "finance:plan-change-ended"
    AMOUNTS_CONFIRMED = "finance:confirmed"
    AMOUNTS_REFUSED = "finance:refused"
    MONTHS_EXCEPTED = "finance:excepted"
    CONFIRMATION_REVERSED = "finance:reversed"
    LEAKAGE_BOOKED = "finance:leakage-booked"
    PERIOD_LOCKED = "finance:period-locked"
    COST_OBJECT_SET = "finance:cost-object-set"
    CLAIMS_SPLIT = "finance:claims-split"
    KPI_SET = "kpi:set"
    KPI_READ = "kpi:read"
    MEASURE_KPI_SET = "kpi:measure-set"
    KPI_EXPLAINED = "kpi:explained"
    KPI_EXPLANATION_SIGNED = "kpi:explanation-signed"
    SUSTAIN_DATES_SET = "sustain:dates-set"
    SUSTAIN_DUE = "sustain:due"
    SUSTAIN_CHECKED = "sustain:checked"
    STATUS_PUBLISHED = "status:published"
    EVIDENCE_SUBMITTED = "evidence:submitted"
    EVIDENCE_JUDGED = "evidence:judged"
    REVIEW_OPENED = "review:opened"
    REVIEW_DOSSIER = "review:dossier"
    REVIEW_PATH = "review:path"
    REVIEW_ENDED = "review:ended"
    VOTE_CAST = "review:vote"
    VOTES_STALE = "review:votes-stale"
    ASKED = "review:asked"
    STEP_REMINDED = "review:reminded"
    STEP_ESCALATED = "review:escalated"
    CONDITION_SET = "condition:set"
    CONDITION_FULFILLED = "condition:fulfilled"
    CONDITION_CONFIRMED = "condition:confirmed"
    CONDITION_NOT_MET = "condition:not-met"
    CONDITION_EXTENDED = "condition:extended"
    CONDITION_LIFTED = "condition:lifted"
    LOOKBACK_SET = "lookback:set"
    LOOKBACK_ACCEPTED = "lookback:accepted"
    LOOKBACK_ESCALATED = "lookback:escalated"
    DUE_REMINDED = "measure:due-reminded"
    BRANCH_ADDED = "structure:branch-added"
    BRANCH_EDITED = "structure:branch-edited"
    ORGANIZATION_ADDED = "structure:organization-added"
    CHOICES_SET = "structure:choices-set"
    CALENDARS_SET = "structure:calendars-set"
    WORKFLOW_ACTIVATED = "governance:activated"
    VERSION_DRAFTED = "governance:drafted"
    DRAFT_DISCARDED = "governance:draft-discarded"
    MIGRATION_STARTED = "governance:migration-started"
    MIGRATION_ENDED = "governance:migration-ended"
    MEASURE_MIGRATED = "measure:migrated"
    REPLAY_ASKED = "governance:replay-asked"
    REPLAY_ENDED = "governance:replay-ended"
    ROLES_SET = "governance:roles-set"
    GROUP_SET = "people:group-set"
    PERSON_ADDED = "people:added"
    PERSON_EDITED = "people:edited"
    PERSON_DISABLED = "people:disabled"
    PERSON_ENABLED = "people:enabled"
    ROLE_GRANTED = "people:role-granted"
    ROLE_ENDED = "people:role-ended"
    DEPUTY_SET = "people:deputy-set"
    DEPUTY_BEGAN = "people:deputy-began"
    DEPUTY_ENDED = "people:deputy-ended"
    DEPUTY_REFUSED = "people:deputy-refused"
    PASSWORD_CHANGED = "people:password-changed"  # nosec B105  # the name of an event
    REPORT_REQUESTED = "report:requested"
    REPORT_MADE = "report:made"
    REPORT_FAILED = "report:failed"
    BULK_ASKED = "bulk:asked"
    BULK_DONE = "bulk:done"
    IMPORT_STARTED = "import:started"
    IMPORT_ROW_REFUSED = "import:row-refused"
    IMPORT_ENDED = "import:ended"
    ANCHORED = "audit:anchored"
    PAYLOAD_REDACTED = "audit:redacted"
    # the security chain
    SIGNED_IN = "session:signed-in"
    SIGN_IN_FAILED = "session:sign-in-failed"
    SIGNED_OUT = "session:signed-out"
    SESSION_ENDED = "session:ended"
    ACCESS_REFUSED = "access:refused"
    ACCESS_REFUSALS_COUNTED = "access:refusals-counted"
    EVIDENCE_DOWNLOADED = "evidence:downloaded"
    REPORT_DOWNLOADED = "report:downloaded"
    LIST_EXPORTED = "measure:list-exported"
    AUDIT_OPENED = "audit:opened"
    AUDIT_EXPORTED = "audit:exported"
    AUDIT_VERIFIED = "audit:verified"
    INTEGRITY_FAILED = "audit:integrity-failed"


BUSINESS = "business"
SECURITY = "security"

_E = Event
SECURITY_EVENTS = frozenset(
    {
        _E.SIGNED_IN,
        _E.SIGN_IN_FAILED,
        _E.SIGNED_OUT,
        _E.SESSION_ENDED,
        _E.ACCESS_REFUSED,
        _E.ACCESS_REFUSALS_COUNTED,
        _E.EVIDENCE_DOWNLOADED,
        _E.REPORT_DOWNLOADED,
        _E.LIST_EXPORTED,
        _E.AUDIT_OPENED,
        _E.AUDIT_EXPORTED,
        _E.AUDIT_VERIFIED,
        _E.INTEGRITY_FAILED,
    }
)

REQUIRED: dict[Event, frozenset[str]] = {
    _E.MEASURE_PROPOSED: frozenset({"key", "title"}),
    _E.MEASURE_EDITED: frozenset({"changes"}),
    _E.PARTS_ASSIGNED: frozenset({"changes"}),
    _E.MEASURE_MOVED: frozenset({"from", "to", "how"}),
    _E.MOVE_REFUSED: frozenset({"ask", "to", "findings"}),
    _E.MEASURE_HELD: frozenset({"reason"}),
    _E.MEASURE_RELEASED: frozenset({"reason"}),
    _E.MEASURE_CANCELLED: frozenset({"reason"}),
    _E.MEASURE_REOPENED: frozenset({"reason", "to"}),
    _E.MEASURE_OPENED_AT: frozenset({"stage", "file", "row"}),
    _E.MEASURES_SETTLED: frozenset({"changed"}),
    _E.EVIDENCE_SUBMITTED: frozenset({"kind", "revision", "digest"}),
    _E.EVIDENCE_JUDGED: frozenset({"kind", "piece", "revision", "digest", "from", "to", "reason"}),
    _E.REVIEW_OPENED: frozenset({"into", "dossier", "basis"}),
    _E.VOTE_CAST: frozenset({"step", "verdict", "dossier"}),
    _E.REVIEW_ENDED: frozenset({"state"}),
    _E.STEP_REMINDED: frozenset({"step", "percent", "people"}),
    _E.STEP_ESCALATED: frozenset({"step", "percent", "people", "to"}),
    _E.CONDITION_SET: frozenset({"condition", "wording", "owner", "due", "blocking"}),
    _E.CONDITION_EXTENDED: frozenset({"condition", "due", "reason"}),
    _E.CONDITION_LIFTED: frozenset({"condition", "reason"}),
    _E.LOOKBACK_ESCALATED: frozenset({"lookback", "due", "people"}),
    _E.DUE_REMINDED: frozenset({"what", "due", "people"}),
    _E.LOOKBACK_SET: frozenset({"due", "into", "debts"}),
    _E.PLAN_RATES_SET: frozenset({"from_day", "changes"}),
    _E.ACTUAL_RATES_SET: frozenset({"month", "changes"}),
    _E.GRID_CHANGED: frozenset({"cells"}),
    _E.FORECAST_SHIFTED: frozenset({"milestone", "months", "cells"}),
    _E.PLAN_FROZEN: frozenset({"number", "cause", "totals"}),
    _E.PLAN_CHANGE_OPENED: frozenset({"change", "reason"}),
    _E.PLAN_CHANGE_ASKED: frozenset({"change", "delta", "needs"}),
    _E.PLAN_CHANGE_VOTED: frozenset({"change", "part", "verdict"}),
    _E.PLAN_CHANGE_ENDED: frozenset({"change", "state"}),
    _E.AMOUNTS_CONFIRMED: frozenset({"rows"}),
    _E.AMOUNTS_REFUSED: frozenset({"rows", "reason"}),
    _E.MONTHS_EXCEPTED: frozenset({"rows", "reason"}),
    _E.CONFIRMATION_REVERSED: frozenset({"rows", "reason"}),
    _E.LEAKAGE_BOOKED: frozenset({"rows", "reason"}),
    _E.PERIOD_LOCKED: frozenset({"month"}),
    _E.COST_OBJECT_SET: frozenset({"key", "changes"}),
    _E.CLAIMS_SPLIT: frozenset({"cost_object", "shares", "reason"}),
    _E.SUSTAIN_CHECKED: frozenset({"months_after", "state"}),
    _E.STATUS_PUBLISHED: frozenset({"month", "number"}),
    _E.ROLE_GRANTED: frozenset({"person", "role", "branch"}),
    _E.ROLE_ENDED: frozenset({"person", "role", "branch"}),
    _E.DEPUTY_SET: frozenset({"absence", "person", "deputy", "from", "until", "kinds"}),
    _E.DEPUTY_BEGAN: frozenset({"absence", "person", "deputy", "from", "until"}),
    _E.DEPUTY_ENDED: frozenset({"absence", "person", "deputy", "from", "until"}),
    _E.DEPUTY_REFUSED: frozenset({"person", "deputy", "from", "until", "why"}),
    _E.REPORT_MADE: frozenset({"report", "content_hash"}),
    _E.WORKFLOW_ACTIVATED: frozenset({"workflow", "number", "digest"}),
    _E.VERSION_DRAFTED: frozenset({"workflow", "number", "digest"}),
    _E.DRAFT_DISCARDED: frozenset({"workflow", "number", "digest"}),
    _E.MIGRATION_STARTED: frozenset({"workflow", "number", "reason"}),
    _E.MIGRATION_ENDED: frozenset({"workflow", "number", "changed", "refused"}),
    _E.MEASURE_MIGRATED: frozenset({"from", "to", "reason"}),
    _E.BRANCH_ADDED: frozenset({"key", "kind", "name"}),
    _E.BRANCH_EDITED: frozenset({"changes"}),
    _E.CALENDARS_SET: frozenset({"added", "changed", "counts_for"}),
    _E.ANCHORED: frozenset({"heads"}),
    _E.BULK_ASKED: frozenset({"ask", "count", "reason"}),
    _E.BULK_DONE: frozenset({"done", "refused"}),
    _E.ACCESS_REFUSALS_COUNTED: frozenset({"what", "person", "address", "minute", "count"}),
    _E.PAYLOAD_REDACTED: frozenset({"chain", "sequence", "reason"}),
}


# who reads a measure without one of these does not read these of its history either
READ_WITH: dict[Permission, frozenset[Event]] = {
    Permission.FINANCE_VIEW: frozenset(
        {
            _E.EFFECT_CHANGED,
            _E.GRID_CHANGED,
            _E.FORECAST_SHIFTED,
            _E.PLAN_FROZEN,
            _E.PLAN_CHANGE_OPENED,
            _E.PLAN_CHANGE_ASKED,
            _E.PLAN_CHANGE_VOTED,
            _E.PLAN_CHANGE_ENDED,
            _E.AMOUNTS_CONFIRMED,
            _E.AMOUNTS_REFUSED,
            _E.MONTHS_EXCEPTED,
            _E.CONFIRMATION_REVERSED,
            _E.LEAKAGE_BOOKED,
        }
    ),
    Permission.EVIDENCE_VIEW: frozenset({_E.EVIDENCE_SUBMITTED, _E.EVIDENCE_JUDGED}),
    Permission.REVIEW_VIEW: frozenset(
        {
            _E.REVIEW_OPENED,
            _E.REVIEW_DOSSIER,
            _E.REVIEW_ENDED,
            _E.VOTE_CAST,
            _E.VOTES_STALE,
            _E.ASKED,
            _E.STEP_REMINDED,
            _E.STEP_ESCALATED,
            _E.REVIEW_PATH,
        }
    ),
}


def chain_of(event: Event) -> str:
    """The chain an event belongs to: business or security."""
    return SECURITY if event in SECURITY_EVENTS else BUSINESS


def missing_fields(event: Event, payload: dict[str, object]) -> frozenset[str]:
    """Declared fields the payload lacks; must be empty."""
    return REQUIRED.get(event, frozenset()) - payload.keys()
