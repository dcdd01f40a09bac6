"""A finding as a line of the task list."""

from govapp.domain.criteria import Finding, Suppliers
from govapp.present.findings import finding_view
from tests.domain.snapshots import rules


def test_nobody_is_told_to_supply_what_others_must_bring_on() -> None:
    finding = Finding(
        "dependency", False, "predecessors_behind", {"behind": ["M-149"], "stage": "decided", "all": 1}
    )
    view = finding_view(finding, rules(), "M-148", Suppliers(("Ann",), yours=True))
    assert (view.supply, view.ask) == ("It is met when this measure gets there.", "")
    assert view.address == "/measures/M-148/plan"
