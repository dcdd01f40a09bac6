"""Status reports of a measure: what one must say before it is published."""

from datetime import date

from govapp.domain.measures import text_fault

TEXT_MOST, REASON_LEAST, REASON_MOST = 4000, 10, 1000
Faults = dict[str, list[str]]


def report_faults(month: date, text: str, reason: str, number: int, today: date) -> Faults:
    """Codes by field; `number` is the one it will bear. A correction (2 and more) says why, in ten characters."""
    faults: Faults = {}
    if month > today:
        faults["month"] = ["month_ahead"]
    if fault := "required" if not text else text_fault(text, TEXT_MOST):
        faults["text"] = [fault]
    if number > 1 and len(reason) < REASON_LEAST:
        faults["reason"] = ["correction_reason"]
    elif fault := text_fault(reason, REASON_MOST):
        faults["reason"] = [fault]
    return faults
