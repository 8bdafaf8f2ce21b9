"""What alembic runs for every migration: on the connection and in the transaction that `migrate` opened."""

from alembic import context

from alerts.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
context.run_migrations()
