"""What every answer carries, what every request must bring, and what error pages say."""

import json
import re

import pytest
from werkzeug.routing import IntegerConverter

from govapp.web._local import is_local
from govapp.web._routes import declared_by
from tests.browser_client import HTMX, GovappClient
from tests.cast import Cast
from tests.conftest import make_app

HERE = {"Sec-Fetch-Site": "same-origin"}


def test_r30_the_policy_forbids_inline_scripts_and_eval_and_names_a_fresh_nonce(client: GovappClient) -> None:
    first, second = client.get("/sign-in"), client.get("/sign-in")
    policy = first.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    for part in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce and f'nonce="{nonce[1]}"' in first.text and nonce[1] not in second.text


def test_r31_the_token_is_inherited_and_marked_as_ours(client: GovappClient, cast: Cast) -> None:
    text = client.sign_in(cast.owner).get("/account").text
    body = re.search(r"<body[^>]*>", text)
    assert body and "hx-headers:inherited=" in body[0] and "hx-nonce=" in body[0]
    config = re.search(r"<meta name=\"htmx-config\" content='([^']+)'>", text)
    assert config and json.loads(config[1])["extensions"] == "hx-csp"
    assert json.loads(config[1])["noSwap"] == [204, 304, "5xx"]


def test_r33_signed_in_pages_are_not_stored_and_fragments_vary(client: GovappClient, cast: Cast) -> None:
    head = client.sign_in(cast.owner).get("/account").headers
    assert head["Cache-Control"] == "no-store"
    assert {"HX-Request", "HX-Request-Type", "Cookie"} <= set(re.split(r",\s*", head["Vary"]))
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Referrer-Policy"] == "same-origin"
    assert head["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in head


def test_r33_behind_tls_the_browser_is_told_to_stay_there(client: GovappClient) -> None:
    assert (
        "max-age" in client.get("/sign-in", base_url="https://localhost").headers["Strict-Transport-Security"]
    )


def test_r26_cookies_are_bound_to_the_host_where_tls_is(sqlite, tmp_path) -> None:
    url = sqlite.url.render_as_string(hide_password=False)
    app = make_app(url, tmp_path, base_url="https://gates.example")
    cookie = app.test_client().get("/sign-in", base_url="https://gates.example").headers["Set-Cookie"]
    assert cookie.startswith("__Host-govapp=")
    assert all(f"; {word}" in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert "Domain" not in cookie


def test_static_files_with_a_digest_are_kept_for_a_year(client: GovappClient) -> None:
    address = re.search(r'href="(/static/css/app\.css[?]v=[0-9a-f]+)"', client.get("/sign-in").text)
    assert address
    for asked, kept in ((address[1], True), ("/static/css/app.css", False)):
        with client.get(asked) as answer:
            assert ("immutable" in answer.headers["Cache-Control"]) is kept


def test_r08_every_route_declares_its_permission(app) -> None:
    open_ones = {
        rule.endpoint for rule in app.url_map.iter_rules() if declared_by(app, rule.endpoint) is None
    }
    assert open_ones == {"static"}


def test_r08_who_is_signed_out_reaches_nothing_but_the_door(app) -> None:
    public = set()
    for rule in app.url_map.iter_rules():
        declared = declared_by(app, rule.endpoint)
        if declared and "public:open" in declared.permissions:
            public.add(rule.rule)
    assert public == {"/sign-in", "/sign-out", "/setup", "/healthz", "/metrics"}


def test_r29_no_address_is_spared_from_the_token(app, client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.administrator)
    unsafe = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert unsafe
    for rule in unsafe:
        values = {
            name: 1 if isinstance(each, IntegerConverter) else "x"
            for name, each in rule._converters.items()
        }
        with app.test_request_context():
            address = app.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
        assert client.post(address, data={"version": "1"}).status_code == 400, rule.rule


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "HX-Request": "true", "HX-Request-Type": "partial"},
    ],
)
def test_r29_a_form_of_another_site_is_refused_even_with_a_token(client, cast, headers) -> None:
    client.sign_in(cast.owner)
    assert client.submit("/account/display", {"theme": "dark"}, headers=headers).status_code == 403


def test_r29_an_expired_token_brings_the_form_back_with_a_renewed_one(
    client: GovappClient, cast: Cast
) -> None:
    client.sign_in(cast.owner)
    old = {"csrf_token": "expired", "theme": "dark", "timezone": "Europe/Paris", "password": "hidden-word"}
    answer = client.post("/account/display", data=old, headers=HERE)
    assert answer.status_code == 400 and 'value="Europe/Paris"' in answer.text
    assert "hidden-word" not in answer.text and 'value="expired"' not in answer.text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', answer.text)[-1]
    assert client.post("/account/display", data=old | {"csrf_token": token}, headers=HERE).status_code == 303


def test_r29_htmx_gets_a_renewed_token_and_keeps_the_page(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    answer = client.post("/account/display", data={"csrf_token": "expired"}, headers=HERE | HTMX)
    assert answer.status_code == 400 and answer.headers["HX-Retarget"] == "#messages"
    token = answer.headers["X-CSRF-Renewed"]
    again = client.post(
        "/account/display", data={"theme": "dark", "timezone": ""}, headers=HERE | {"X-CSRFToken": token}
    )
    assert again.status_code == 303


def test_r29_without_proof_of_origin_nothing_typed_is_offered_again(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    answer = client.post("/account/display", data={"csrf_token": "expired", "timezone": "Europe/Paris"})
    assert answer.status_code == 400 and "Europe/Paris" not in answer.text


@pytest.mark.parametrize(
    "address", ["/account?a=%00", "/account?%FF=1", "/account?a=%C3%28", "/measures/%00", "/measures/%FF"]
)
def test_r34_signs_that_cannot_be_read_are_a_400(client: GovappClient, cast: Cast, address: str) -> None:
    assert client.sign_in(cast.owner).get(address).status_code == 400


@pytest.mark.parametrize("body", [b"theme=%00", b"theme=%FF", b"theme=\xff\xfe", b"the%00me=1"])
def test_r34_a_form_that_cannot_be_read_is_a_400(client: GovappClient, cast: Cast, body: bytes) -> None:
    client.sign_in(cast.owner)
    body += b"&csrf_token=" + client.csrf_token().encode()
    answer = client.post("/account/display", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


def test_r35_too_large_a_form_is_a_413_page(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    answer = client.submit("/account/display", {"theme": "x" * (3 * 1024**2)})
    assert answer.status_code == 413 and "larger than allowed" in answer.text


def test_error_pages_are_pages_of_the_app_and_fragments_for_htmx(client: GovappClient, cast: Cast) -> None:
    client.sign_in(cast.owner)
    page, part = client.get("/nowhere"), client.fragment("/nowhere")
    assert page.status_code == part.status_code == 404
    assert "<nav" in page.text and "<nav" not in part.text and "<html" not in part.text
    assert client.delete("/account").headers["Allow"]


def test_a_failure_shows_an_incident_and_no_trace(app, cast: Cast) -> None:
    app.jinja_env.globals["navigation"] = None
    app.view_functions["account.show_account"] = broken = lambda: 1 // 0
    vars(broken)["govapp_declared"] = declared_by(app, "pages.healthz")
    answer = app.test_client().get("/account")
    assert answer.status_code == 500 and "ZeroDivisionError" not in answer.text
    assert re.search(r"<code>[0-9a-f]{16}</code>", answer.text)


@pytest.mark.parametrize("target", ["/", "/measures/M-1?tab=plan", "/board?q=a%20b", "/a#b"])
def test_r28_local_addresses_are_followed(target: str) -> None:
    assert is_local(target)


@pytest.mark.parametrize(
    "target",
    ["", "//evil.example", "https://evil.example", "/\\evil.example", "/%5Cevil.example", "/%255Cevil",
     "javascript:alert(1)", "/\tx", "/%09x", "/%250d%250aSet-Cookie:x", "evil", "\\\\evil", "/" + "a" * 3000],
)  # fmt: skip
def test_r28_other_addresses_are_not(target: str) -> None:
    assert not is_local(target)


def test_healthz_says_ok_and_metrics_hide_without_their_token(sqlite, tmp_path, client: GovappClient) -> None:
    assert client.get("/healthz").text.startswith("ok ")
    assert client.get("/metrics").status_code == 404
    url = sqlite.url.render_as_string(hide_password=False)
    other = make_app(url, tmp_path, metrics_token="a-long-token-for-metrics").test_client()
    assert other.get("/metrics").status_code == 404
    found = other.get("/metrics", headers={"Authorization": "Bearer a-long-token-for-metrics"})
    assert found.status_code == 200 and 'govapp_log_sequence{chain="business"}' in found.text
