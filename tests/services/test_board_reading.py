"""The board's read models on both databases."""

from dataclasses import replace
from decimal import Decimal

from govapp.data import board_filters
from govapp.data.actors import load_actor
from govapp.data.board_filters import Filters
from govapp.data.engine import reading
from govapp.domain.rights import Actor
from govapp.services import board as board_service
from govapp.services._work import now
from govapp.services.board import BoardQuery, board
from govapp.services.board_changes import changes, heads_after, more_cards
from govapp.services.board_moves import decision_on, lesson, standing, ways
from govapp.services.effects import SetEffectLine, set_effect_line
from govapp.services.measures import ArchiveProposal, archive_proposal
from tests.factories import assign_all, bring_to, hold, make_measure, make_proposal, move, supply


def actor_of(person) -> Actor:
    """The person with rights as of now."""
    with reading() as session:
        found = load_actor(session, person.id, now())
    assert found is not None
    return found


QUERY = BoardQuery(branch="service-quality")


def filled(cast) -> tuple[str, str, str, str]:
    """A measure that waits, one on hold, one further on, and a proposal."""
    waiting = make_measure(cast)
    supply(cast, waiting, "identified")
    move(cast, waiting, "identified")
    held = make_measure(cast)
    hold(cast, held)
    further = bring_to(cast, make_measure(cast), "identified")
    return waiting, held, further, make_proposal(cast)


def test_the_board_shows_every_card_in_its_column_with_heads(database, cast):
    waiting, held, further, proposal = filled(cast)
    found = board(actor_of(cast.owner), QUERY)
    assert {row.key for row in found.cards["defined"]} == {waiting, held}
    assert [row.key for row in found.cards["identified"]] == [further]
    assert [row.key for row in found.cards["proposed"]] == [proposal]
    assert (found.heads["defined"].count, found.heads["defined"].waiting) == (2, 1)
    assert found.cards["defined"][0].key == held
    assert list(found.held_since) == [found.cards["defined"][0].seq]


def test_filters_and_totals_agree(database, cast, monkeypatch):
    filled(cast)
    owner = actor_of(cast.owner)
    everything = BoardQuery(branch="service-quality", filters=Filters(text="a"))
    plain, summed = board(owner, QUERY), board(owner, everything)
    assert summed.cards == plain.cards
    assert {key: (head.count, head.waiting) for key, head in summed.heads.items()} == {
        key: (head.count, head.waiting) for key, head in plain.heads.items()
    }
    for waiting in ("any", "missing", "ready"):
        from_totals = board(owner, BoardQuery(branch="service-quality", filters=Filters(waiting=waiting)))
        counted = board(
            owner, BoardQuery(branch="service-quality", filters=Filters(waiting=waiting, text="a"))
        )
        assert from_totals.heads == counted.heads
        assert from_totals.cards == counted.cards
    for module in (board_filters, board_service):
        monkeypatch.setattr(module, "MOST_SUMMED", 1)
    many = board(owner, everything)
    assert many.cards == plain.cards
    assert {key: (head.count, head.more) for key, head in many.heads.items()} == {
        key: (min(head.count, 1), head.count > 1) for key, head in plain.heads.items()
    }
    for waiting in ("any", "missing", "ready", "expired", "sponsor-decision"):
        board(
            owner, BoardQuery(branch="service-quality", filters=Filters(waiting=waiting, owner=cast.owner.id))
        )


def test_a_proposal_that_is_archived_leaves_open_boards_with_its_head(database, cast):
    key, other = make_proposal(cast), make_proposal(cast)
    owner = actor_of(cast.owner)
    before = board(owner, QUERY)
    archive_proposal(ArchiveProposal(key, 1, "Done elsewhere", cast.owner.origin))
    found = changes(owner, QUERY, before.since)
    assert [(row.key, row.state) for row in found.rows] == [(key, "archived")]
    assert (before.heads["proposed"].count, found.heads["proposed"].count) == (2, 1)
    assert [row.key for row in board(owner, QUERY).cards["proposed"]] == [other]


def test_changes_and_more_cards_are_read_by_sequence(database, cast):
    _, held, _, _ = filled(cast)
    owner = actor_of(cast.owner)
    before = board(owner, QUERY)
    assert changes(owner, QUERY, before.since) is None
    move(cast, held, ask="release", by=cast.lead, reason="The vendor answered")
    found = changes(owner, QUERY, before.since)
    assert found is not None
    assert [row.key for row in found.rows] == [held]
    assert found.heads["defined"].count == 2
    top = before.cards["defined"][0]
    assert len(more_cards(owner, QUERY, "defined", (top.seq, top.id)).rows) == 1
    assert heads_after(owner, QUERY, before.workflow_id, ["defined"])["defined"].count == 2


def test_a_part_shows_its_measures_only(database, cast):
    waiting, _, _, _ = filled(cast)
    assign_all(cast, waiting, service_owner=cast.stranger)
    found = board(actor_of(cast.stranger), BoardQuery())
    assert found.place is not None
    assert not found.place.whole
    assert [row.key for rows in found.cards.values() for row in rows] == [waiting]
    assert found.heads["defined"].count == 1


def test_hints_and_lesson_use_the_same_decision_as_the_move(database, cast):
    key = make_measure(cast)
    owner = actor_of(cast.owner)
    here = standing(owner, key, now())
    stages, others = ways(owner, here)
    assert stages[0].stage == "identified"
    assert not any(way.is_open for way in stages)
    assert {str(way.kind) for way in others} == {"hold", "release", "reopen", "cancel"}
    decision = decision_on(owner, here, "identified", None)
    refused = move(cast, key, "identified").decision
    assert refused is not None
    assert [finding.key for finding in refused.unmet] == [finding.key for finding in decision.unmet]
    taught = lesson(owner, here, decision)
    assert taught.kind is not None
    assert taught.kind.key == "scope-statement"
    assert taught.suppliers["evidence:scope-statement"].yours


def test_heads_and_cards_hold_no_amount_for_who_may_not_see_money(database, cast):
    key = make_measure(cast)
    line = SetEffectLine(
        key, "Calls", "ebitda", "recurring", "EUR", cast.owner.origin, run_rate=Decimal(84_000)
    )
    set_effect_line(line)
    reader, keeper = actor_of(cast.leader), actor_of(cast.administrator)
    seen, kept = board(reader, QUERY), board(keeper, QUERY)
    assert seen.heads["defined"].values == {"EUR": 8_400_000}
    assert (kept.heads["defined"].values, kept.heads["defined"].priced) == ({}, False)
    assert kept.heads["defined"].count == seen.heads["defined"].count == 1
    assert [row.values for row in kept.cards["defined"]] == [None]
    for query in (QUERY, BoardQuery(), replace(QUERY, filters=Filters(text="a"))):
        after = heads_after(keeper, query, kept.workflow_id, ["defined"])["defined"]
        assert (after.count, after.values, after.priced) == (1, {}, False)
    news = changes(keeper, QUERY, 0)
    assert news is not None
    assert [row.values for row in news.rows] == [None]
    assert not news.heads["defined"].priced
