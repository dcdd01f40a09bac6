"""Sentences for refusals by code. They say what happened and what to do next."""

from collections.abc import Callable, Mapping
from typing import Any

from govapp.domain.errors import GovappError, Invalid
from govapp.present import dates
from govapp.present.language import gettext as _
from govapp.present.language import ngettext
from govapp.present.marks import mark_words

Sentence = Callable[[], str]

_HEADINGS: dict[int, Sentence] = {
    400: lambda: _("This request was not understood"),
    401: lambda: _("Please sign in"),
    403: lambda: _("Not allowed"),
    404: lambda: _("Not found"),
    405: lambda: _("This address does not take that"),
    409: lambda: _("Somebody was faster"),
    413: lambda: _("Too large"),
    415: lambda: _("This type is not accepted"),
    422: lambda: _("Not saved yet"),
    429: lambda: _("Too many tries"),
    500: lambda: _("Something went wrong on our side"),
    503: lambda: _("Busy for a moment"),
}

SENTENCES: dict[str, Sentence] = {
    "not_found": lambda: _("There is nothing at this address, or it is not for you to see."),
    "no_right": lambda: _(
        "Your roles and parts do not permit this. A program lead or administrator can grant the right."
    ),
    "account_disabled": lambda: _("This account is disabled. An administrator can enable it again."),
    "other_site": lambda: _(
        "This form was sent from another site's page. Open the page here and send it again."
    ),
    "undeclared": lambda: _("This address is closed."),
    "stale": lambda: _(
        "Somebody changed this since you opened it. Look at the fresh content, then try again."
    ),
    "key_reused": lambda: _("This form was already sent with other content. Load the page again."),
    "too_many": lambda: _("Too many tries. Please wait a moment."),
    "busy": lambda: _("The database is busy. Nothing was changed. Please try again in a few seconds."),
    "disk_full": lambda: _(
        "The disk is full, so nothing was saved. The operator has to make room; then try again."
    ),
    "token_missing": lambda: _(
        "The form did not carry its token. Load the page again and send it from there."
    ),
    "token_renewed": lambda: _(
        "This page was open for long. It is fresh again: press the button once more, nothing is lost."
    ),
    "token_sign_in": lambda: _(
        "This page was open for long. It is fresh again: please type your password once more."
    ),
    "sign_in_failed": lambda: _(
        "E-mail or password is not right. After 5 tries this account rests for a while."
    ),
    "sign_in_wait": lambda: _("After several failed tries this account rests. Try again in %(wait)s."),
    "not_saved": lambda: _("Please look at the marked fields."),
    "person_elsewhere": lambda: _(
        "This person also holds roles outside your branches; who administers those must do this."
    ),
    "own_account": lambda: _("You cannot disable your own account. Another administrator can."),
    "own_roles": lambda: _("Nobody changes their own roles. Another administrator can."),
    "last_administrator": lambda: _(
        "This is the last administrator of an organization. Grant the role to somebody else first."
    ),
    "password_wrong": lambda: _("This is not your current password."),
    "password_again": lambda: _(
        "It is over 10 minutes since you gave your password. Please give it once more."
    ),
    "password_differs": lambda: _("The two new passwords differ."),
    "password_short": lambda: _("At least 8 characters; 15 or more are better."),
    "password_long": lambda: _("At most 1024 characters."),
    "password_pattern": lambda: _(
        "This is a row of keys, a repetition or a number that is tried first. Take several words."
    ),
    "password_common": lambda: _("This is one of the passwords that are tried first. Take several words."),
    "password_personal": lambda: _(
        "This is made of your name, your address or the name of this program. Take other words."
    ),
    "email_form": lambda: _("An e-mail address looks like name@example.org."),
    "email_taken": lambda: _("Somebody with this e-mail exists already."),
    "too_long": lambda: _("This is too long."),
    "number_form": lambda: _("A whole number is needed."),
    "day_form": lambda: _("A day looks like 2026-11-30."),
    "day_past": lambda: _("This day is past."),
    "unknown_choice": lambda: _("Please choose from the list."),
    "mail_must_come": lambda: _("This mail cannot be switched off. It may wait for the daily digest."),
    "role_held": lambda: _("The person holds this role there already."),
    "role_conflict": lambda: _(
        "%(asked)s cannot stand beside %(held)s in one organization: these duties are kept apart."
    ),
    "auditor_in_group": lambda: _("This person sits in a group that decides; an auditor decides nothing."),
    "member_without_voice": lambda: _(
        "Administrators and auditors decide nothing, so they cannot sit in a group that does."
    ),
    "duty_forbids": lambda: _("The duty matrix keeps this apart: %(reason)s"),
    "vote_needed_elsewhere": lambda: _(
        "Nobody else could decide the step %(step)s, and nobody decides two steps of one review. Keep your vote for "
        "it, or have somebody else named there first."
    ),
    "not_their_deputy": lambda: _(
        "You do not stand in for this person today, so nothing was done in their name."
    ),
    "deputy_not_for_this": lambda: _(
        "This is not among the kinds of work in which you stand in for this person."
    ),
    "control_characters": lambda: _("There are signs in it that cannot be read. Please type it again."),
    "rate_of_own_currency": lambda: _("This is the organization's own currency; its rate is 1."),
    "rate_invalid": lambda: _("A rate is a number above zero with up to twelve decimals."),
    "currency_malformed": lambda: _("Please give a currency by its three letters (ISO 4217), such as EUR."),
    "month_unknown": lambda: _("Please choose a month."),
    "key_malformed": lambda: _("A key has letters and digits, with single hyphens between them; at most 40."),
    "key_taken": lambda: _("This key is taken. Choose another one."),
    "prefix_malformed": lambda: _("One to a few capital letters, such as M."),
    "prefix_taken": lambda: _("Another organization uses these letters."),
    "branch_archived": lambda: _("The branch above is archived. Bring it back first, or choose another one."),
    "branch_not_higher": lambda: _("Such a branch must lie under one of a higher kind."),
    "branch_below_itself": lambda: _("A branch cannot lie under itself or under what lies below it."),
    "branch_elsewhere": lambda: _("A branch stays within its organization."),
    "branch_in_use": lambda: _(
        "Branches or measures in use lie below it. Archive or move the branches, cancel or move the measures first."
    ),
    "organization_stays": lambda: _("An organization is never archived; its record stays."),
    "choice_in_use": lambda: _("A measure bears one of the entries that would go: %(keys)s."),
    "chair_not_member": lambda: _("The chair must be one of the members."),
    "quorum_unreachable": lambda: _("The quorum lies between 1 and the number of members."),
    "unknown_zone": lambda: _("Please give a time zone by its name, such as Europe/Berlin."),
    "no_working_days": lambda: _(
        "Choose at least one working day; without one no target would ever be reached."
    ),
    "no_working_hours": lambda: _(
        "There would be no working hours, so no target would ever be reached. Give at least one stretch of hours."
    ),
    "hours_malformed": lambda: _("Hours look like 08:30-12:30, the last possible end being 24:00."),
    "hours_reversed": lambda: _(
        "A stretch of hours ends after it begins. Work through the night is two stretches: 22:00-24:00 and 00:00-06:00."
    ),
    "hours_overlap": lambda: _("Two stretches of hours overlap. Each minute of a day counts once."),
    "day_malformed": lambda: _("A day of the year looks like 12-24, month first."),
    "standard_stays": lambda: _(
        "One calendar must be the standard one. Make another the standard instead; this one then no longer is."
    ),
    "set_unreadable": lambda: _("%(file)s cannot be read as a governance set: %(problem)s"),
    "set_invalid": lambda: _("The governance set does not hold together: %(problem)s"),
    "version_there": lambda: _("This is what version %(number)s says already."),
    "version_no_draft": lambda: _(
        "Version %(number)s was switched on once, so it stays as it is. Draft a further version."
    ),
    "version_draft": lambda: _(
        "Version %(number)s is a draft. Measures can go on under it once it is switched on."
    ),
    "version_active": lambda: _("Version %(number)s is switched on already."),
    "version_faulty": lambda: _(
        "The check finds faults (%(count)s), so this version stays off. Mend them first."
    ),
    "draft_of_other_workflow": lambda: _(
        "The draft to be replaced belongs to another workflow than %(workflow)s."
    ),
    "stages_occupied": lambda: _(
        "This version lacks stages in which measures stand: %(stages)s. Bring those measures on or back first."
    ),
    "replay_wanted": lambda: _("Between 0 and 20,000 decisions."),
    "migration_scope": lambda: _("Say which measures: chosen keys, a branch, or all."),
    "migration_empty": lambda: _("None of these measures goes on under another version than %(number)s."),
    "check_begin_again": lambda: _("This check cannot be continued. Please begin again."),
    "anchor_unreadable": lambda: _("This is no anchor. It must be what `audit anchor` wrote."),
    "setup_over": lambda: _("The first steps are done already. Sign in, or ask an administrator."),
    "setup_token": lambda: _(
        "This token is not valid, or it was used. Make a new one with: flask --app wsgi user setup-token"
    ),
    "required": lambda: _("Please fill this in."),
    "http_400": lambda: _("The address or form holds signs that cannot be read. Load the page again."),
    "http_404": lambda: _("There is nothing at this address, or it is not for you to see."),
    "http_405": lambda: _("The address exists, but not for this kind of request."),
    "http_413": lambda: _("What was sent is larger than allowed. Send less, or a smaller file."),
    "http_415": lambda: _("Files of this type are not accepted here."),
    "http_429": lambda: _("Too many requests. Please wait a moment."),
    "http_500": lambda: _(
        "The problem was recorded. Nothing half-done was saved. Try again; if it stays, name the incident."
    ),
    "http_503": lambda: _("Please try again in a few seconds."),
}


# sentences that are made of several, from the values of the refusal
COMPOSED: dict[str, Callable[[Mapping[str, Any]], str]] = {}
_OWN_HEADINGS: dict[str, Sentence] = {
    "token_renewed": lambda: _("Once more, please"),
    "token_sign_in": lambda: _("Once more, please"),
    "token_missing": lambda: _("Please send this again"),
}


def heading_of(status: int, code: str = "") -> str:
    """The head of an error page; some codes have one of their own."""
    if code in _OWN_HEADINGS:
        return _OWN_HEADINGS[code]()
    return _HEADINGS.get(status, _HEADINGS[400 if status < 500 else 500])()


def sentence_of(code: str, values: dict[str, Any] | None = None) -> str:
    """The sentence of a code, filled with values. A text that is no known code is taken for a sentence."""
    values = dict(values or {})
    if code in COMPOSED:
        return COMPOSED[code](values)
    if "retry_after" in values:
        values["wait"] = _wait(int(values["retry_after"]))
    for role in ("asked", "held"):
        if role in values:
            values[role] = str(values[role]).replace("_", " ").capitalize()
    if "from" in values and "until" in values:
        values["days"] = dates.days(values["from"], values["until"])
    for side in ("one", "other"):
        if side in values:
            values[side] = mark_words(str(values[side]))
    known = SENTENCES.get(code)
    text = known() if known else code
    try:
        return text % values if values and known else text
    except (KeyError, TypeError, ValueError):
        return text


def _wait(seconds: int) -> str:
    if seconds < 90:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    minutes = -(-seconds // 60)
    return ngettext("%(num)s minute", "%(num)s minutes", minutes)


def sentences_of(error: GovappError, field: str = "") -> dict[str, list[str]]:
    """The sentences of a refusal by form field; one without fields stands under `field`."""
    if isinstance(error, Invalid) and error.errors:
        return {
            name: [sentence_of(code, error.values) for code in codes] for name, codes in error.errors.items()
        }
    return {field: [sentence_of(error.code, error.values)]}
