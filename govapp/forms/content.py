"""What checks of uploaded content say: why it may not come in, and what parsers raise on files made to break them."""

import struct
import zipfile
import zlib
from typing import Any

BROKEN = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    SyntaxError,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)


class ContentRefused(Exception):
    """Content that is not what the ending says, or that may not come in; see FileRefused for the codes."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
