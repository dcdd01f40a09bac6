"""Random assigning, granting, delegating, renaming, handing in, asking, voting: nobody sits on both sides (R03, R58).

What is looked at is read from the tables, not asked of the rules that are tried.
"""

import tempfile
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from govapp.data.actors import load_actor
from govapp.data.deputies import Deputy
from govapp.data.engine import reading
from govapp.data.evidence import Evidence, EvidenceRevision
from govapp.data.inbox import waiting_for
from govapp.data.measures import Measure, Part
from govapp.data.people import Grant, Person, Role
from govapp.data.reviews import Dossier, Review, ReviewStep, Vote
from govapp.domain.errors import GovappError
from govapp.services._work import Origin, now
from govapp.services.deputies import EndDeputy, SetDeputy, end_deputy, set_deputy
from govapp.services.grants import EndGrant, GrantRole, end_grant, grant_role
from govapp.services.parts import AssignParts, assign_parts
from govapp.services.people import EditPerson, edit_person
from govapp.services.reviews import CastVote, cast_vote
from govapp.services.settling import settle_due
from tests import databases
from tests.cast import SYSTEM, fill_with_cast, read_cast
from tests.factories import loaded, make_measure, move, open_review, submit, supply, today_of, version_of

WHO = (
    "owner",
    "sponsor",
    "controller",
    "service_owner",
    "lead",
    "member",
    "leader",
    "approver",
    "administrator",
)
PARTS = ("owner", "sponsor", "controller", "service_owner", "process_owner", "finance_contact")
ROLES = ("member", "controller", "approver", "leader", "program_lead", "administrator", "auditor")
KINDS = (("decide",), ("decide", "ask", "supply"), ("supply",), ("ask",))
APART = {frozenset(pair) for pair in (("owner", "sponsor"), ("owner", "controller"), ("sponsor", "controller"),
                                      ("owner", "service_owner"), ("sponsor", "service_owner"),
                                      ("controller", "service_owner"), ("owner", "finance_contact"),
                                      ("controller", "finance_contact"))}  # fmt: skip
people = st.sampled_from(WHO)


def fill():
    """A measure in Identified with everything supplied, and its review open for controller and sponsor."""
    fill_with_cast()
    cast = read_cast()
    key = make_measure(cast, "identified")
    supply(cast, key, "detailed")
    move(cast, key, "detailed")


class Duties(RuleBasedStateMachine):
    """One measure and nine people who try."""

    template: databases.Template

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = databases.copy_of(self.template, Path(self.folder.name))
        self.engine = databases.use(databases.open_engine(url), Path(self.folder.name) / "files")
        self.cast = read_cast()
        self.key = "M-1"

    def teardown(self):
        """The database goes with its folder."""
        self.engine.dispose()
        self.folder.cleanup()

    def who(self, name):
        return getattr(self.cast, name)

    @initialize(for_sponsor=people, for_controller=people, extra=people)
    def begin(self, for_sponsor, for_controller, extra):
        """Who decides is away; somebody else holds the controller's role."""
        self.grant("controller", extra)
        self.delegate("sponsor", for_sponsor, KINDS[1], 0)
        self.delegate("controller", for_controller, KINDS[0], 0)

    @rule(part=st.sampled_from(PARTS), person=people, by=st.sampled_from(("lead", "owner")))
    def assign(self, part, person, by):
        with suppress(GovappError):
            named = {part: self.who(person).id}
            assign_parts(AssignParts(self.key, version_of(self.key), named, self.who(by).origin))

    @rule(role=st.sampled_from(ROLES), person=people)
    def grant(self, role, person):
        with suppress(GovappError):
            grant_role(GrantRole(SYSTEM, self.who(person).id, role, "OI"))

    @rule(person=people, role=st.sampled_from(ROLES))
    def take_away(self, person, role):
        with reading() as session:
            held = select(Grant.id).join(Role, Role.id == Grant.role_id).where(Grant.ended_at.is_(None))
            found = session.scalars(
                held.where(Grant.person_id == self.who(person).id, Role.key == role)
            ).all()
        for number in found:
            with suppress(GovappError):
                end_grant(EndGrant(SYSTEM, number))

    @rule(person=people, deputy=people, kinds=st.sampled_from(KINDS), days=st.integers(0, 2))
    def delegate(self, person, deputy, kinds, days):
        today = today_of(self.key)
        with suppress(GovappError):
            ids = (self.who(person).id, self.who(deputy).id)
            set_deputy(
                SetDeputy(SYSTEM, *ids, today + timedelta(days=days), today + timedelta(days=9), kinds)
            )

    @rule(nth=st.integers(0, 3))
    def come_back(self, nth):
        with reading() as session:
            rows = session.execute(select(Deputy.id, Deputy.version).where(Deputy.ended_at.is_(None))).all()
        for number, version in rows[nth : nth + 1]:
            end_deputy(EndDeputy(SYSTEM, number, version))

    @rule(person=people, name=st.sampled_from(("Samir Haddad", "Carla Nowak", "Anna New")))
    def rename(self, person, name):
        one = self.who(person)
        with reading() as session:
            version = session.get_one(Person, one.id).version
        edit_person(EditPerson(SYSTEM, one.id, version, name, one.email))

    @rule(person=people, kind=st.sampled_from(("plan-numbers", "rough-numbers", "technical-review")))
    def hand_in(self, person, kind):
        with suppress(GovappError):
            submit(self.cast, self.key, kind, by=self.who(person))

    @rule(person=people)
    def ask(self, person):
        following = loaded(self.key).rules.next_stage(loaded(self.key).snapshot.stage)
        with suppress(GovappError):
            move(self.cast, self.key, following, by=self.who(person))

    @rule(
        person=people, claimed=st.none() | people, verdict=st.sampled_from(("approve", "approve", "comment"))
    )
    def vote(self, person, claimed, verdict):
        if loaded(self.key).snapshot.review is None:
            return
        review, dossier = open_review(self.key)
        behalf = self.who(claimed).id if claimed else None
        before = self.votes()
        result = ""
        with suppress(GovappError):
            origin = Origin(self.who(person).id, on_behalf_of=behalf)
            result = cast_vote(CastVote(review, verdict, dossier, origin, "Because")).result
        for vote in self.votes()[len(before) :]:
            self.look_at(vote)
        if result == "moved":
            self.look_at_who_passed(review)

    @rule(nth=st.integers(0, 1))
    def whoever_may_votes(self, nth):
        """Gates are passed now and then: somebody in whose inbox the measure stands approves."""
        found = []
        for name in WHO:
            with reading() as session:
                actor = load_actor(session, self.who(name).id, now())
                found += [(name, row) for row in waiting_for(session, actor)]
        found.sort(key=lambda pair: pair[1].on_behalf_id is None)
        for name, row in found[nth : nth + 1]:
            absent = next((each for each in WHO if self.who(each).id == row.on_behalf_id), None)
            before = len(self.votes())
            self.vote(name, absent, "approve")
            both = {self.who(name).id, row.on_behalf_id or self.who(name).id}
            excused = both & self.silent() or not self.holds(
                "controller", row.on_behalf_id or self.who(name).id
            )
            assert excused or len(self.votes()) > before, "what stands in the inbox can be decided"

    def look_at_who_passed(self, review):
        """A gate was passed: no vote that counted was the owner's nor of who proved it, and nobody counted twice."""
        people = self.counting(review)
        assert people and max(people.values()) == 1
        assert self.parts().get("owner") not in people
        if loaded(self.key).snapshot.stage == "detailed":
            assert not people.keys() & self.submitters()

    @rule()
    def time_passes(self):
        settle_due(SYSTEM)

    # ------------------------------------------------------------ what must hold

    def votes(self):
        with reading() as session:
            return session.execute(
                select(
                    Vote.id, Vote.step_id, Vote.review_id, Vote.person_id, Vote.on_behalf_of, Vote.verdict,
                    Dossier.basis_digest,
                )
                .join(Dossier, Dossier.id == Vote.dossier_id)
                .order_by(Vote.id)
            ).all()  # fmt: skip

    def counting(self, review):
        """How often each person, acting or absent, stands in the votes of a review that count."""
        with reading() as session:
            steps = dict(session.execute(select(ReviewStep.id, ReviewStep.state)).all())
        last = {}
        for vote in self.votes():
            if vote.review_id == review and vote.verdict != "comment" and steps[vote.step_id] != "dropped":
                last[vote.step_id, vote.on_behalf_of or vote.person_id] = vote
        basis = max(last.values(), key=lambda vote: vote.id).basis_digest if last else ""
        return Counter(
            person
            for vote in last.values()
            if vote.basis_digest == basis
            for person in {vote.person_id, vote.on_behalf_of or vote.person_id}
        )

    def holders(self, *roles):
        """People who hold one of these roles."""
        held = select(Grant.person_id).join(Role, Role.id == Grant.role_id)
        with reading() as session:
            return set(session.scalars(held.where(Role.key.in_(roles), Grant.ended_at.is_(None))))

    def silent(self):
        """People whose roles give no voice."""
        return self.holders("administrator", "auditor")

    def holds(self, part, person):
        """True unless somebody holds the part of a role without the role."""
        return self.parts().get(part) != person or person in self.holders(part)

    def parts(self):
        with reading() as session:
            return dict(session.execute(select(Part.part, Part.person_id)).all())

    def submitters(self):
        """Who handed in the newest plan numbers or technical review, the proof that the gate counts."""
        with reading() as session:
            rows = session.execute(
                select(EvidenceRevision.person_id, EvidenceRevision.on_behalf_of)
                .join(Evidence, Evidence.id == EvidenceRevision.evidence_id)
                .where(
                    Evidence.kind.in_(("plan-numbers", "technical-review")),
                    EvidenceRevision.number == Evidence.revisions,
                )
            ).all()
        return {person for row in rows for person in row if person}

    def look_at(self, vote):
        """A vote that was just taken: neither of the two stands on the other side, nor has voted in another place."""
        both = {vote.person_id, vote.on_behalf_of or vote.person_id}
        held = self.parts()
        assert held.get("owner") not in both
        if not (stage := loaded(self.key).snapshot.stage) or stage == "identified":
            assert not both & self.submitters()
        mine = {part for part, person in held.items() if person == vote.person_id}
        theirs = {part for part, person in held.items() if person == vote.on_behalf_of}
        assert not any(frozenset((a, b)) in APART for a in mine for b in theirs)
        assert not both & self.silent()
        with reading() as session:
            if vote.on_behalf_of:
                lent = select(Deputy.kinds).where(
                    Deputy.person_id == vote.on_behalf_of, Deputy.deputy_id == vote.person_id,
                    Deputy.ended_at.is_(None), Deputy.from_day <= today_of(self.key),
                )  # fmt: skip
                assert any("decide" in kinds for kinds in session.scalars(lent))
                chain = select(Deputy.id).where(
                    Deputy.person_id == vote.person_id, Deputy.ended_at.is_(None),
                    Deputy.from_day <= today_of(self.key), Deputy.kinds.contains("decide"),
                )  # fmt: skip
                assert not session.scalars(chain).all(), "a deputy's own voice is lent on the same day"

    @invariant()
    def parts_that_exclude_each_other_are_held_by_two(self):
        held = self.parts()
        for one in held:
            for other in held:
                assert frozenset((one, other)) not in APART or held[one] != held[other]

    @invariant()
    def nobody_counts_twice_and_no_owner_counts_where_a_gate_was_passed(self):
        with reading() as session:
            passed = set(session.scalars(select(Review.id).where(Review.state == "passed")))
            measure = session.execute(select(Measure.stage).where(Measure.key == self.key)).scalar_one()
        for review in passed:
            if people := self.counting(review):
                assert max(people.values()) == 1
        assert measure is not None


def test_r03_r06_r58_no_path_lets_one_person_sit_on_both_sides(tmp_path_factory):
    Duties.template = databases.new_template("sqlite", tmp_path_factory.mktemp("duties"), fill)
    run_state_machine_as_test(
        Duties,
        settings=settings(
            max_examples=25, stateful_step_count=40, deadline=None, derandomize=True, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
