"""What reports are known by: kinds, and the version of their templates."""

KINDS = ("dossier", "branch")
# Grows when a template shows something else, so that the same data then counts as another report.
TEMPLATE_VERSION = 1
