"""Where does each watchlist lead?"""

from sqlalchemy import Connection, select

from alerts import catalog, schema
from alerts.policy import Route, Routes
from wire.watchlist import WatchlistId


class RouteBook:
    """The routes in force, read anew only when the catalog has changed."""

    def __init__(self) -> None:
        self._revision = -1
        self._routes: Routes = {}

    def routes(self, connection: Connection) -> Routes:
        """As this transaction sees them."""
        revision = catalog.revision(connection)
        if revision != self._revision:
            self._routes, self._revision = read_routes(connection), revision
        return self._routes


def read_routes(connection: Connection) -> Routes:
    """Every watchlist in force with its channels, in the order of their ids; also those that lead nowhere."""
    lists, wishes, channels = schema.watchlist, schema.subscription, schema.channel
    routes: dict[str, list[Route]] = {
        id_: [] for (id_,) in connection.execute(select(lists.c.id).where(lists.c.removed_at.is_(None)))
    }
    led = (
        select(wishes.c.watchlist, wishes.c.channel, channels.c.state)
        .join(channels, channels.c.id == wishes.c.channel)
        .where(wishes.c.removed_at.is_(None), channels.c.removed_at.is_(None))
        .order_by(wishes.c.channel)
    )
    for watchlist, channel, state in connection.execute(led):
        if watchlist in routes:
            routes[watchlist].append(Route(channel=channel, disabled=state == "disabled"))
    return {WatchlistId(id_): tuple(found) for id_, found in routes.items()}
