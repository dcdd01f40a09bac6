"""The step that files the dossier of a decided gate: a report of its own, made by a job, kept whatever comes later."""

from sqlalchemy import insert

from govapp.data.notices import FILING, Outbox
from govapp.data.reports import Report
from govapp.data.reviews import Review
from govapp.data.snapshots import Loaded
from govapp.domain.reports import GATE, TEMPLATE_VERSION
from govapp.services._report_rights import Reach
from govapp.services._work import Work

RENDER = "govapp.jobs.reports.render"
DECIDED = frozenset({"passed", "sent_back"})


def _file_dossier(work: Work, loaded: Loaded, review: Review, number: int) -> None:
    """Put the numbered dossier of a review that ends by a decision into the archive, as of this transaction.

    Nobody asks for it: it belongs to the record. The clock hands it over, so that no vote waits for the queue.
    """
    if review.state not in DECIDED:
        return
    values = {
        "identity": f"{GATE}:{review.id}:{number}:whole:t{TEMPLATE_VERSION}", "kind": GATE,
        "measure_id": loaded.measure.id, "review_id": review.id, "as_of": work.at,
        "asked_by": work.actor.id or review.asked_by, "asked_at": work.at, "state": "queued", "phase": "queued",
        "done": 0, "total": 0, "attempts": 0, "beat_at": work.at, "content_hash": "", "file_digest": "", "size": 0,
        "pages": 0, "problem": "", "params": {"reach": Reach(True).as_data(), "dossier": number},
    }  # fmt: skip

    def file(seq: int) -> None:
        table = Report.__table__
        row = insert(table).values(values | {"as_of_seq": seq}).returning(table.c.id)  # type: ignore[arg-type]  # a table
        work.session.add(parcel(work, work.session.execute(row).scalar_one()))

    work.at_seq.append(file)


def parcel(work: Work, report_id: int) -> Outbox:
    """What the clock hands over: one row for a filed report, however often it is tried."""
    return Outbox(
        kind=FILING, key=f"{FILING}:{report_id}", payload={"name": RENDER, "args": [report_id]},
        due_at=work.at, made_at=work.at, state="waiting", attempts=0,
    )  # fmt: skip
