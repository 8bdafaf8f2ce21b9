"""How does a configuration come into force?"""

from datetime import UTC, datetime

from sqlalchemy import Engine

from alerts import catalog
from alerts.catalog import Catalog
from alerts.database import writing
from alerts.difference import Difference, compare
from alerts.edits import Author, write
from alerts.migrations import migrate
from wire.errors import NewswatchError


def apply_configuration(engine: Engine, wanted: Catalog, *, author: Author, prune: bool = False) -> Difference:
    """Put `wanted` in force, all of it or nothing, and say what changed. The author's place owns the entries.

    Raises:
        NewswatchError: an entry was changed elsewhere since.
    """
    migrate(engine)
    with writing(engine) as connection:
        difference = accepted(compare(wanted, catalog.read(connection), source=author.place, prune=prune))
        write(connection, difference.changes, author=author, now=datetime.now(UTC))
    return difference


def accepted(difference: Difference) -> Difference:
    """The difference, when every part of it may be applied; NewswatchError says why not."""
    if difference.refused:
        raise NewswatchError("nothing was applied:\n" + "\n".join(f"  {refusal}" for refusal in difference.refused))
    return difference
