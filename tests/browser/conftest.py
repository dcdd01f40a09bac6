"""A real server on a free port and a real Chromium, for tests that need scripts, dragging and the network."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import BaseWSGIServer, make_server

from tests.browser_client import GovappClient
from tests.cast import Cast, Someone
from tests.conftest import make_app
from tests.support.servers import axe_script

AT_REST = "async () => { await Promise.allSettled(document.getAnimations().map((one) => one.finished)) }"

expect.set_options(timeout=15_000)  # a loaded machine is no fault of the page


class Live:
    """The running server: its address, its application, and whether it is failing on purpose."""

    def __init__(self, app: Flask, server: BaseWSGIServer) -> None:
        self.app = app
        self.server = server
        self.url = f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        found = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield found
        found.close()


@pytest.fixture
def live(sqlite: Engine, tmp_path: Path) -> Iterator[Live]:
    """The application on a free port of this machine."""
    app = make_app(sqlite.url.render_as_string(hide_password=False), tmp_path / "files")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Live(app, server)
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def visit(live: Live, browser: Browser, cast: Cast) -> Iterator[Callable[..., Page]]:
    """A page for a person who is signed in: `visit(cast.owner, "/board")`. Fails on script errors and broken policy."""
    opened: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(person: Someone, address: str = "/board", **options: Any) -> Page:
        context = browser.new_context(
            base_url=live.url, **({"viewport": {"width": 1440, "height": 900}} | options)
        )
        context.add_cookies(
            [{"name": name, "value": value, "url": live.url} for name, value in cookies(live, person)]
        )
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console",
            lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None,
        )
        page.goto(address)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert not troubles, troubles


def cookies(live: Live, person: Someone) -> list[tuple[str, str]]:
    """The cookies of a fresh session for a person."""
    client = live.app.test_client()
    assert isinstance(client, GovappClient)
    client.sign_in(person)
    name = live.app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    return [(name, cookie.value)] if cookie else []


def axe(page: Page) -> list[str]:
    """What axe-core finds on a page, WCAG 2.2 AA and best practice; empty when it finds nothing."""
    page.evaluate(AT_REST)
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe_script()})
    found = page.evaluate(
        "() => axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})"
    )
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:160]} | {v['nodes'][0].get('failureSummary', '')[:300]}"
        for v in found["violations"]
    ]
