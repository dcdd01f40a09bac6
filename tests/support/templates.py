"""Compiled templates that outlive an application: each test makes one, and compiling was most of its time."""

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """What Jinja compiled in this process, by the template and its source."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what was compiled from the same source."""
        source, code = self._kept.get(bucket.key, ("", b""))
        if source == bucket.checksum:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key] = bucket.checksum, bucket.bytecode_to_string()
