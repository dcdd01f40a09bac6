"""Loaded once by the server that forks the layout processes: they find WeasyPrint and its fonts ready."""

from govapp.reports import _chunk, _engine

if _engine.pango_problem() is None:
    _engine.warm()

lay_out_file = _chunk.lay_out_file
