"""Reading files of measures: a mapping says what columns mean, `read_rows` yields rows or problems."""

from govapp.domain.imports.mapping import Mapping
from govapp.domain.imports.results import (
    FileRefused,
    Problem,
    ReadAmount,
    ReadMilestone,
    ReadRow,
    ReadStatus,
    Remark,
)
from govapp.domain.imports.rows import match_name, read_names, read_rows
from govapp.domain.imports.sections import MappingError

__all__ = [
    "FileRefused",
    "Mapping",
    "MappingError",
    "Problem",
    "ReadAmount",
    "ReadMilestone",
    "ReadRow",
    "ReadStatus",
    "Remark",
    "match_name",
    "read_names",
    "read_rows",
]
