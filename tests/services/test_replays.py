"""Forms sent twice: the second answers as the first did, whatever became of the measure meanwhile (R13)."""

from dataclasses import replace
from functools import partial

import pytest

from govapp.domain.asks import AskKind
from govapp.domain.errors import KeyReused, Refused
from govapp.services.evidence import Submission, SubmitEvidence, submit_evidence
from govapp.services.measures import ArchiveProposal, EditMeasure, archive_proposal, edit_measure
from govapp.services.plans import SetMilestone, set_milestone
from govapp.services.statuses import DeclareStatus, declare_status
from tests.factories import loaded, make_measure, make_proposal, move, today_of, version_of
from tests.many import everything
from tests.samples_of_evidence import values_for

pytestmark = pytest.mark.usefixtures("database")
LEFT = "Done elsewhere by now"


def archive(cast, key):
    archive_proposal(ArchiveProposal(key, version_of(key), LEFT, cast.lead.origin))


def cancel(cast, key):
    move(cast, key, ask=AskKind.CANCEL, by=cast.lead, reason=LEFT)


def acts_on(cast, key):
    """One act of each kind, by its name, with a key that serves once."""
    who, kind = cast.owner.origin, loaded(key).rules.kinds["scope-statement"]
    values = values_for(kind, who, cast.member.id, today_of(key), {})
    handed = SubmitEvidence(key, Submission(kind.key, values), who, "evidence")
    return {
        "edited": partial(edit_measure, EditMeasure(key, version_of(key), {"vendor": "Acme"}, who, "edit")),
        "planned": partial(set_milestone, SetMilestone(key, "Pilot done", who, action_key="milestone")),
        "rated": partial(
            declare_status, DeclareStatus(key, "implementation", "green", "", who, None, "status")
        ),
        "proved": partial(submit_evidence, handed),
    }


@pytest.mark.parametrize("end", [archive, cancel])
@pytest.mark.parametrize("act", ["edited", "planned", "rated", "proved"])
def test_r13_a_replay_returns_the_first_outcome_when_the_measure_has_ended_since(cast, end, act):
    key = make_measure(cast, None if end is archive else "defined")
    again = acts_on(cast, key)[act]
    first = again()
    end(cast, key)
    before = everything()
    assert again() == first
    assert everything() == before


def test_r13_an_archived_proposal_is_archived_once_by_the_same_form(cast):
    key = make_proposal(cast)
    command = ArchiveProposal(key, 1, LEFT, cast.owner.origin, "archive")
    archive_proposal(command)
    before = everything()
    archive_proposal(command)
    with pytest.raises(KeyReused):
        archive_proposal(replace(command, reason="For another reason"))
    for fresh in (replace(command, action_key="another"), replace(command, origin=cast.lead.origin)):
        with pytest.raises(Refused) as refused:
            archive_proposal(fresh)
        assert refused.value.code == "measure_archived"
    assert everything() == before
