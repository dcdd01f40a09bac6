"""Time zones to choose from."""

from functools import lru_cache
from zoneinfo import available_timezones


@lru_cache(1)
def zones() -> tuple[str, ...]:
    """Zones named after places, in alphabetical order."""
    places = (
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
    )
    return tuple(sorted(places))
