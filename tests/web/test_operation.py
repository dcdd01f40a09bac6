"""The outbox page."""

from sqlalchemy import update

from govapp.data.notices import Outbox
from govapp.services._work import Origin, writing


def put(**values) -> None:
    def body(work) -> None:
        work.deliver("mail", {"to": "p@example.test", "subject": "<b>Asked</b>", "text": "Please decide"})
        work.session.flush()
        work.session.execute(update(Outbox).values(**values))

    writing(Origin(None, "cli"), body)


def test_the_operator_sees_what_waits_and_why(client, cast):
    put(state="failed", attempts=12, problem="OSError: refused")
    client.sign_in(cast.administrator)
    page = client.get("/admin/outbox").text
    assert "p@example.test" in page and "OSError: refused" in page and "<b>Asked" not in page
    assert "No mail server is set" in page
    assert client.submit("/admin/outbox/1/again").status_code == 303
    assert "Given up</a> 0" in client.get("/admin/outbox").text
    assert client.submit("/admin/outbox/99/again").status_code == 404
    assert client.get("/admin/outbox?state=nonsense&page=x").status_code == 200


def test_an_empty_outbox_says_so(client, cast):
    client.sign_in(cast.administrator)
    assert "Nothing here" in client.get("/admin/outbox").text


def test_others_do_not_see_it(client, cast):
    client.sign_in(cast.owner)
    assert client.get("/admin/outbox").status_code == 403
    assert client.submit("/admin/outbox/1/again").status_code == 403
