"""Evidence goes by the revision its form was filled from: nobody reverts what they have not seen (R10)."""

from functools import partial

import pytest
from sqlalchemy import select

from govapp.data.engine import reading
from govapp.data.evidence import EvidenceRevision
from govapp.domain.errors import Stale
from govapp.services.evidence import Submission, SubmitEvidence, submit_evidence
from govapp.services.moves import MoveMeasure, move_measure
from tests.factories import key_of_form, loaded, make_measure, today_of, version_of
from tests.many import at_once, everything
from tests.samples_of_evidence import values_for

pytestmark = pytest.mark.usefixtures("database")


def handed(cast, key, who, seen, kind="scope-statement", **values):
    measure = loaded(key)
    given = values_for(measure.rules.kinds[kind], who.origin, cast.member.id, today_of(key), **values)
    return Submission(kind, given, seen_revision=seen)


def hand_in(cast, key, who, seen, kind="scope-statement", **values):
    given = handed(cast, key, who, seen, kind, **values)
    return submit_evidence(SubmitEvidence(key, given, who.origin, key_of_form()))


def by_revision():
    with reading() as session:
        rows = select(EvidenceRevision.number, EvidenceRevision.person_id).order_by(EvidenceRevision.id)
        return [tuple(row) for row in session.execute(rows)]


def test_r10_the_second_of_two_who_began_with_one_revision_is_told_and_reverts_nothing(cast):
    key = make_measure(cast)
    hand_in(cast, key, cast.owner, 0)
    hand_in(cast, key, cast.lead, 1, users_affected=900)
    before = everything()
    with pytest.raises(Stale) as refused:
        hand_in(cast, key, cast.owner, 1, users_affected=20)
    assert (refused.value.code, refused.value.values["version"]) == ("stale_evidence", 2)
    assert everything() == before
    assert hand_in(cast, key, cast.owner, 2).revision == 3


def test_r10_of_two_first_submissions_at_once_one_is_kept(cast):
    key = make_measure(cast)
    given = [SubmitEvidence(key, handed(cast, key, who, 0), who.origin) for who in (cast.owner, cast.lead)]
    results = at_once([partial(submit_evidence, one) for one in given])
    assert sum(isinstance(result, Stale) for result in results) == 1, results
    assert [number for number, _ in by_revision()] == [1]


def test_of_a_kind_with_several_pieces_a_new_one_meets_no_earlier_revision(cast):
    key = make_measure(cast, "decided")
    first = hand_in(cast, key, cast.owner, 0, "milestone-proof")
    second = hand_in(cast, key, cast.owner, 0, "milestone-proof")
    assert first.evidence_id != second.evidence_id


def test_r10_a_move_with_evidence_that_was_overtaken_keeps_neither(cast):
    key = make_measure(cast)
    hand_in(cast, key, cast.lead, 0)
    given, version = handed(cast, key, cast.owner, 0), version_of(key)
    before = everything()
    with pytest.raises(Stale):
        move_measure(MoveMeasure(key, cast.owner.origin, version, "identified", evidence=given))
    assert everything() == before
