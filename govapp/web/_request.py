"""The request as we read it: htmx 4 headers, and forms that are refused instead of repaired when they are not UTF-8."""

import typing as t
from functools import cached_property
from urllib.parse import parse_qsl

from htmx_flask.requests import HtmxAwareRequest, HtmxHeaders
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser


class HtmxFour(HtmxHeaders):
    """htmx-flask's reader with what htmx 4 sends: HX-Source and HX-Request-Type."""

    @cached_property
    def source(self) -> str | None:
        """HX-Source: tag and id of the element that asked, as `button#save`."""
        found: str | None = self._headers.get("HX-Source")
        return found

    @cached_property
    def request_type(self) -> str | None:
        """HX-Request-Type: partial when a region is swapped, full when the whole page is."""
        found: str | None = self._headers.get("HX-Request-Type")
        return found

    @property
    def partial(self) -> bool:
        """True when a fragment is wanted; anything else gets the whole page."""
        return bool(self) and self.request_type == "partial"


class StrictFormParser(FormDataParser):
    """Refuses form fields that are not UTF-8 (R34) and bounds the size of url-encoded ones (R35)."""

    def _parse_urlencoded(
        self, stream: t.IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> t.Any:
        limit = self.max_form_memory_size
        body = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(body) > limit:
            raise RequestEntityTooLarge
        try:
            items = parse_qsl(
                body.decode(), keep_blank_values=True, errors="strict", max_num_fields=self.max_form_parts
            )
        except UnicodeDecodeError as error:
            raise BadRequest("the form is not UTF-8") from error
        except ValueError as error:
            raise RequestEntityTooLarge from error
        return stream, self.cls(items), self.cls()


class GovappRequest(HtmxAwareRequest):
    """Flask's request with `htmx` of version 4."""

    form_data_parser_class = StrictFormParser

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self.htmx: HtmxFour = HtmxFour(self.headers)
