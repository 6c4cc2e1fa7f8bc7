"""Which day it is, asked whenever it is needed: a program may run over midnight.

A day that was asked for once and kept would go on being today: in a server that is left open, in a
laptop that slept, in a build of many families.
"""

from __future__ import annotations

import datetime
import difflib
import time
import zoneinfo


def today(zone: str | None = None) -> datetime.date:
    """Returns the date now.

    Args:
        zone: the IANA name of a zone, as Europe/London; the computer's own where None.
    """
    if zone is not None:
        return datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date()
    if hasattr(time, "tzset"):
        time.tzset()  # the computer may have been carried into another zone since
    return datetime.date.today()


def is_zone(name: str) -> bool:
    """Returns whether there is a zone of that name."""
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no zone, a path, a folder
        return False
    return name != "localtime"  # a link to whatever zone this computer is in


def find_nearest_zone(name: str) -> str | None:
    """Returns the name of a zone that somebody may have meant, by area and city or the city."""
    places = [one for one in zoneinfo.available_timezones() if "/" in one and one[:4] != "Etc/"]
    known = {one.rpartition("/")[2].casefold(): one for one in sorted(places)}
    known |= {one.casefold(): one for one in places}
    asked = name.strip().replace(" ", "_").casefold()
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.7)
    return known[close[0]] if close else None
