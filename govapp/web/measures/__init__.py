"""Pages about measures: the list, one measure with its tabs, and the forms that change it."""
