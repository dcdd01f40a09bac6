"""A state machine over the gate engine: whatever people ask for and vote, in any order, the rules of the board hold."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from govapp.domain.approvals import all_granted, barred, named_as, standings
from govapp.domain.asks import Ask, AskKind, Outcome
from govapp.domain.basis import basis_of, digest_of
from govapp.domain.duties import Standing
from govapp.domain.gates import decide, gate_findings
from govapp.domain.snapshot import ReviewFact, StepFact, VoteFact
from govapp.domain.table import path_for
from tests.domain.snapshots import (
    CONTROLLER,
    FINANCE,
    LEAD,
    MEMBER,
    NOW,
    OWNER,
    SERVICE_OWNER,
    SPONSOR,
    TODAY,
    evidence,
    measure,
    rules,
)

PEOPLE = (OWNER, SPONSOR, CONTROLLER, SERVICE_OWNER, MEMBER, LEAD, FINANCE)
STAGES = tuple(stage.key for stage in rules().stages)
KINDS = tuple(rules().kinds)


def roles_of(person):
    return frozenset({"program_lead"}) if person == LEAD else frozenset()


class Board(RuleBasedStateMachine):
    """One card, moved only through `decide`, with a model that counts approvals by itself."""

    def __init__(self):
        super().__init__()
        self.card = measure(None)
        self.passed = []
        self.revision = 1

    def basis(self, into):
        return digest_of(basis_of(rules(), rules().gates[into], self.card))

    def open_review(self, into):
        steps = tuple(
            StepFact(n, s.key, s.name, s.waits_for, s.order, s.rule, s.deciders, (), NOW)
            for n, s in enumerate((one.step for one in path_for(rules(), into, self.card)), 1)
        )
        self.card = replace(self.card, review=ReviewFact(1, into, self.basis(into), 1, OWNER, NOW, steps))

    def refresh(self):
        """What `settle` does: a changed basis is the next dossier."""
        review = self.card.review
        if review is not None and review.basis != (basis := self.basis(review.into)):
            self.card = replace(self.card, review=replace(review, basis=basis, dossier=review.dossier + 1))

    def carry_out(self, ask):
        before = self.card
        decision = decide(rules(), self.card, ask, TODAY, right="part:owner")
        if decision.outcome is Outcome.REFUSED:
            assert decision.unmet, "a refusal gives its reasons"
        elif decision.outcome is Outcome.NEEDS_REVIEW:
            self.open_review(decision.to)
        elif decision.outcome is Outcome.ALLOWED:
            self.apply(ask, decision, before)
        return decision

    def apply(self, ask, decision, before):
        if ask.kind is AskKind.ADVANCE:
            review = before.review
            assert review is not None
            assert all_granted(review, self.basis(decision.to)), "no gate is passed without every step"
            assert all(f.met for f in gate_findings(rules(), rules().gates[decision.to], before, TODAY))
            people = [
                v.person_id for s in review.steps for v in standings(review, review.basis)[s.id].counting
            ]
            assert len(set(people)) == len(people) >= len(review.steps), "n approvals are n people"
            assert OWNER not in people
            assert decision.to == rules().next_stage(before.stage)
            self.passed.append(decision.to)
            self.card = replace(before, stage=decision.to, state="active", review=None)
            return
        assert len(ask.reason) >= 3, "all but a plain advance need a reason"
        states = {AskKind.HOLD: "on_hold", AskKind.CANCEL: "cancelled"}
        ended = ask.kind is not AskKind.HOLD and ask.kind is not AskKind.RELEASE
        self.card = replace(
            before,
            stage=decision.to,
            state=states.get(ask.kind, "active"),
            review=None if ended else before.review,
        )

    @rule(stage=st.sampled_from(STAGES))
    def drop_on_any_stage(self, stage):
        self.carry_out(Ask(AskKind.ADVANCE, stage))

    @rule()
    def drop_on_the_next_stage(self):
        following = rules().next_stage(self.card.stage)
        if following:
            self.carry_out(Ask(AskKind.ADVANCE, following))

    @rule(kind=st.sampled_from([k for k in AskKind if k is not AskKind.ADVANCE]), stage=st.sampled_from(STAGES),
          reason=st.sampled_from(["", "x", "Because of it"]))  # fmt: skip
    def decide_otherwise(self, kind, stage, reason):
        self.carry_out(Ask(kind, stage, reason))

    @precondition(lambda self: self.card.review is not None and self.card.state in {"active", "proposed"})
    @rule(
        person=st.sampled_from(PEOPLE),
        verdict=st.sampled_from(["approve", "approve", "send_back", "comment"]),
    )
    def vote(self, person, verdict):
        review = self.card.review
        gate = rules().gates[review.into]
        states = standings(review, review.basis)
        for step in review.steps:
            if states[step.id].state != "open" or not named_as(
                step.deciders, person, self.card, roles_of(person), frozenset()
            ):
                continue
            if barred(Standing(person, roles=roles_of(person)), rules(), gate, self.card, step):
                continue
            given = replace(step, votes=(*step.votes, VoteFact(person, verdict, review.basis, NOW)))
            steps = tuple(given if s.id == step.id else s for s in review.steps)
            self.card = replace(self.card, review=replace(review, steps=steps))
            break
        review = self.card.review
        if any(one.state == "refused" for one in standings(review, review.basis).values()):
            self.card = replace(self.card, review=None)
        elif all_granted(review, review.basis):
            self.carry_out(Ask(AskKind.ADVANCE, review.into))

    @rule(kind=st.sampled_from(KINDS))
    def hand_in_the_next_revision(self, kind):
        self.revision += 1
        number = KINDS.index(kind) + 1
        others = tuple(fact for fact in self.card.evidence if fact.kind != kind)
        new = evidence(kind, number, revision=self.revision, digest=f"d{self.revision}")
        self.card = replace(self.card, evidence=(*others, new))
        self.refresh()

    @rule(kind=st.sampled_from(KINDS))
    def lose_evidence(self, kind):
        """As when it expires or is returned."""
        self.card = replace(
            self.card, evidence=tuple(fact for fact in self.card.evidence if fact.kind != kind)
        )
        self.refresh()

    @invariant()
    def the_card_stands_where_its_passages_led(self):
        if self.card.stage is None:
            assert self.card.state == "proposed"
            return
        assert self.card.state in {"active", "on_hold", "cancelled"}
        order = rules().order
        reached = max((order[stage] for stage in self.passed), default=-1)
        assert order[self.card.stage] <= reached, "no stage without its gate"

    @invariant()
    def an_open_review_is_about_the_next_gate_on_the_present_basis(self):
        review = self.card.review
        if review is not None:
            assert review.into == rules().next_stage(self.card.stage)
            assert review.basis == self.basis(review.into)


Board.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestGateMachine = Board.TestCase
