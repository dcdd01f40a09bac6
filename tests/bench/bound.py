"""The bound of our stack: a bare Flask + SQLite + Jinja page of 150 cards and a move, without rights, gates or log."""

import os
import sqlite3

from flask import Flask, render_template_string, request

app = Flask(__name__)
FILE = os.environ.get("BOUND_FILE", "bound.db")
_CARD = """<article class="mc" data-card="{{ c[0] }}" data-version="{{ c[4] }}"><h3><a href="/measures/{{ c[0] }}"><b>{{
c[0] }}</b> {{ c[1] }}</a></h3><p>{{ c[2] }}<data value="{{ c[3] }}">{{ c[3] }} EUR</data></p><p><span class="st">
<small>Impl.</small>Not rated</span><span class="st"><small>Pot.</small>Not rated</span></p><p class="wait"><b>3 of 9
missing</b></p><form method="post" action="/measures/{{ c[0] }}/moves"><input type="hidden" name="csrf_token" value="{{
t }}"><input type="hidden" name="version" value="{{ c[4] }}"><input type="hidden" name="action_key" value="{{ t
}}-{{ c[0] }}"><button name="to" value="x">Move to the next</button><a href="/m">Other moves</a></form></article>"""
_PAGE = "<!doctype html><title>bound</title><main>{% for c in cards %}" + _CARD + "{% endfor %}</main>"
_TOKEN = "ImEwNzZhMDY0MTE2ZWIxZGIwYmRhMmU1YWEzMWU2NDg2Njc5MTdiMDEi.awUCdw.kOPYzzUDqWA1_F_Nm7i_2q"
_COLUMNS = "key, title, owner, value, version"


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect(FILE, timeout=5, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def make() -> None:
    """150 cards in six columns."""
    with _open() as connection:
        connection.execute("CREATE TABLE card (key TEXT PRIMARY KEY, title, owner, value, version, stage)")
        connection.executemany(
            "INSERT INTO card VALUES (?, ?, ?, ?, 1, ?)",
            [(f"M-{n}", f"Fewer password calls, part {n}", "Olga Brandt", 84000, n % 6) for n in range(150)],
        )


@app.get("/board")
def page() -> str:
    """All cards."""
    connection = _open()
    cards = connection.execute(f"SELECT {_COLUMNS} FROM card ORDER BY stage").fetchall()
    connection.close()
    return render_template_string(_PAGE, cards=cards, t=_TOKEN)


@app.post("/measures/<key>/moves")
def move(key: str) -> str:
    """Move one card."""
    connection = _open()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE card SET stage = ?, version = version + 1 WHERE key = ?", (request.form["to"], key)
    )
    card = connection.execute(f"SELECT {_COLUMNS} FROM card WHERE key = ?", (key,)).fetchone()
    connection.execute("COMMIT")
    connection.close()
    return render_template_string(_CARD, c=card, t=_TOKEN)
