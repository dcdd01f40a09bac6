"""The address map: every route declares its permission (R08), addresses are kebab-case, reading changes nothing."""

import re

from flask import Flask

from govapp.domain.permissions import Permission
from govapp.web._routes import declared_by

OPEN = {"static"}
PUBLIC = re.compile(r"/(sign-in|sign-out|setup|healthz|metrics|static)\b.*")
_PART = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]{2,4})?|<[a-z:_]+>")


def rules(app: Flask):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN]


def test_r08_every_route_declares_its_permission(app: Flask):
    for rule in rules(app):
        declared = declared_by(app, rule.endpoint)
        assert declared is not None, f"{rule.rule} declares no permission"
        assert declared.permissions
        assert all(isinstance(each, Permission) for each in declared.permissions)


def test_r08_few_routes_are_public(app: Flask):
    public = {
        rule.rule for rule in rules(app) if Permission.PUBLIC in declared_by(app, rule.endpoint).permissions
    }
    assert all(PUBLIC.fullmatch(address) for address in public), public


def test_r08_nobody_reaches_a_route_without_signing_in(client, app: Flask):
    for rule in rules(app):
        if Permission.PUBLIC in declared_by(app, rule.endpoint).permissions or "GET" not in rule.methods:
            continue
        address = re.sub(r"<[^>]+>", "1", rule.rule)
        assert client.get(address).status_code in {303, 401}, address


def test_addresses_are_kebab_case(app: Flask):
    for rule in rules(app):
        for part in rule.rule.strip("/").split("/"):
            assert not part or _PART.fullmatch(part), rule.rule


def test_r29_unsafe_routes_refuse_a_request_without_token(client, cast, app: Flask):
    client.sign_in(cast.administrator)
    unsafe = [rule for rule in rules(app) if rule.methods & {"POST", "PUT", "PATCH", "DELETE"}]
    assert unsafe
    for rule in unsafe:
        address = re.sub(r"<[^>]+>", "1", rule.rule)
        assert client.post(address).status_code in {400, 403, 404, 422}, address
