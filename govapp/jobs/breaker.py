"""A breaker: after a failure of the far side nothing is asked of it for some seconds."""

import time


class Breaker:
    """Open to traffic, until it rests for so many seconds after `rest()`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def rest(self) -> None:
        """The far side did not answer."""
        self._until = time.monotonic() + self._seconds

    @property
    def open(self) -> bool:
        """False while it rests."""
        return time.monotonic() >= self._until
