"""Sentences for forms of the board whose shape is wrong."""

from govapp.present import errors
from govapp.present.language import gettext as _

errors.SENTENCES.update(
    {
        "repeated_field": lambda: _(
            "The form sent one of its fields twice. Load the page again and send it once."
        ),
        "field_too_long": lambda: _("The text is too long: at most %(max)s characters. Please shorten it."),
        "version_needed": lambda: _(
            "The form does not say which state of the measure you saw. Load the page again."
        ),
        "action_key_needed": lambda: _(
            "The form came without its one-time key, so sending it twice could do it twice. Load the page again."
        ),
        "ask_unknown": lambda: _("This decision is not known here. Choose one on the page Other moves."),
        "stage_needed": lambda: _("The form does not say where the measure should go. Choose a stage."),
        "day_unreadable": lambda: _("This day cannot be read. Write it as year-month-day, like 2027-03-31."),
        "unknown_kind": lambda: _("This kind of evidence does not exist in the rules of the measure."),
    }
)
