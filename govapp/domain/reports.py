"""What reports are known by: kinds, and the version of their templates."""

GATE = "gate"  # the filed dossier of a decided gate; nobody asks for it
ASKED = ("dossier", "branch")
KINDS = (*ASKED, GATE)
# Grows when a template shows something else, so that the same data then counts as another report.
TEMPLATE_VERSION = 4
