"""How long does a server ask us to wait?

Pure: what it wrote and the moment of reading go in.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(written: str, now: datetime, *, most: float) -> float | None:
    """Seconds to wait, from either form that HTTP has, `most` at most. None for what is neither.

    A date without a zone means UTC, as every date of HTTP does.
    """
    if written.strip().isascii() and written.strip().isdigit():
        return min(float(written), most)
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    return min(max((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds(), 0.0), most)
