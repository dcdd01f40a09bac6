"""Facts about this database itself: whether it holds demonstration data, whether anybody is in it yet."""

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from govapp.data.engine import reading
from govapp.data.runtime import current
from govapp.data.structure import Setting

DEMO = "demo"
DEMO_DONE = "demo_done"


def setting(session: Session, key: str) -> str:
    """The value stored under a key, or an empty text."""
    return session.scalar(select(Setting.value).where(Setting.key == key)) or ""


def is_demo(session: Session) -> bool:
    """True when the database was filled with demonstration people."""
    return setting(session, DEMO) == "1"


def refuse_wrong_database(*, demo: bool) -> None:
    """Raise ValueError when a demonstration database is opened in another mode (interface.md, Settings)."""
    if demo or not inspect(current().engine).has_table(Setting.__tablename__):
        return
    with reading() as session:
        if is_demo(session):
            raise ValueError(
                "this database holds demonstration people: start it with GOVAPP_ENV=demo, or use another database"
            )
