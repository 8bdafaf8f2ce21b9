"""Which states can a delivery be in?

due → sending → sent | retry | uncertain | failed; retry and uncertain → sending again; what waits too long is dead,
what has nowhere to go is cancelled, and what another delivery tells already is joined to it from the start.
"""

from typing import Literal

DeliveryState = Literal["due", "sending", "retry", "uncertain", "sent", "failed", "dead", "joined", "cancelled"]

WAITING: tuple[DeliveryState, ...] = ("due", "retry", "uncertain")
SETTLED: tuple[DeliveryState, ...] = ("sent", "failed", "dead", "joined", "cancelled")
STATES: tuple[DeliveryState, ...] = (*WAITING, "sending", *SETTLED)

# A delivery that still tells its story, or has. One that failed must not swallow another watchlist's alert.
TELLING: tuple[DeliveryState, ...] = (*WAITING, "sending", "sent")
