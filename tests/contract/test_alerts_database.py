"""The database's shape, its migrations and its guards, on SQLite and on PostgreSQL."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

import alerts.database
from alerts import edits
from alerts.catalog import read
from alerts.database import Contended, open_database, reading, writing
from alerts.migrations import downgrade, is_current, migrate
from alerts.schema import metadata
from tests.contract.conftest import NewUrl
from tests.matches import FILE, NOON, newsroom
from wire.errors import Misconfigured, Transient


def shape(engine: Engine) -> dict[str, Any]:
    """All that the database itself says about its tables."""
    look = inspect(engine)
    return {
        table: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(table)
            ],
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(str(unique["column_names"]) for unique in look.get_unique_constraints(table)),
            "foreign": sorted(
                f"{key['constrained_columns']} {key['referred_table']} {key['referred_columns']}"
                for key in look.get_foreign_keys(table)
            ),
            "checks": sorted(check["sqltext"] for check in look.get_check_constraints(table)),
            "indexes": sorted(
                f"{index['name']} {index['column_names']} {list(map(str, index.get('dialect_options', {}).values()))}"
                for index in look.get_indexes(table)
            ),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def test_migrations_lead_to_the_schema(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    is_postgres = engine.dialect.name == "postgresql"
    url = request.getfixturevalue("postgres")() if is_postgres else f"sqlite:///{tmp_path / 'made.sqlite'}"
    made = open_database(url)
    metadata.create_all(made)
    assert shape(engine) == shape(made)
    assert len(shape(engine)) == len(metadata.tables)
    made.dispose()


def test_down_and_up_again_with_rows_in_it(engine: Engine) -> None:
    with writing(engine) as connection:
        edits.write(connection, newsroom("ferries>desk"), author=FILE, now=NOON)
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate(engine)
    with reading(engine) as connection:
        assert is_current(connection)
        assert read(connection).watchlists == ()


def test_two_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    engines = [open_database(database_url) for _ in range(4)]
    failures: list[Exception] = []

    def start(engine: Engine) -> None:
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001  # the test says which
            failures.append(error)

    threads = [threading.Thread(target=start, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with reading(engines[0]) as connection:
        assert is_current(connection)
    for engine in engines:
        engine.dispose()


def test_a_database_of_a_newer_newswatch_is_refused(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misconfigured, match=r"'9999'.*newer one has been here"):
        migrate(engine)


def test_a_row_that_points_nowhere_is_refused(engine: Engine) -> None:
    with pytest.raises(Contended), writing(engine) as connection:
        connection.execute(
            text("INSERT INTO alert_story (story, watchlist, alert) VALUES ('s1', 'nobody-has-this', 1)")
        )


def test_an_error_leaves_nothing_behind(engine: Engine) -> None:
    with suppress(ZeroDivisionError), writing(engine) as connection:
        edits.write(connection, newsroom("ferries>desk"), author=FILE, now=NOON)
        raise ZeroDivisionError
    with reading(engine) as connection:
        assert read(connection).channels == ()


def test_sqlite_is_set_up_to_survive_a_power_cut_and_to_keep_its_promises(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'made' / 'here' / 'alerts.sqlite'}")
    with reading(engine) as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'alerts.sqlite'}")
    migrate(engine)
    with writing(engine) as busy:
        edits.write(busy, newsroom("ferries>desk"), author=FILE, now=NOON)
        with reading(engine) as connection:
            assert read(connection).watchlists == ()
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("alerts.sqlite", "not a database address"),
        ("postgresql://me:s3cret@host:port/db", "not a database address"),
        ("mysql://news:s3cret@db/alerts", "mysql.*cannot be used"),
        ("sqlite://", "cannot be used"),
    ],
)
def test_an_address_that_cannot_work_is_refused_without_its_password(url: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=f"NEWSWATCH_ALERTS_DATABASE: .*{words}") as refused:
        open_database(url)
    assert "s3cret" not in str(refused.value)


def test_a_database_that_is_away_is_a_passing_failure() -> None:
    engine = open_database("postgresql://newswatch@127.0.0.1:1/alerts")
    with pytest.raises(Transient, match="the database does not answer"), reading(engine):
        pass


def test_another_writers_rows_are_not_waited_for_without_end(postgres: NewUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts.database, "BUSY_SECONDS", 1)
    engine = open_database(postgres())
    migrate(engine)
    lock = text("LOCK TABLE channel")
    with writing(engine) as one:
        one.execute(lock)
        with pytest.raises(Transient, match="lock timeout"), writing(engine) as other:
            other.execute(lock)
    engine.dispose()
