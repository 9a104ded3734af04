"""Run the migrations on the connection that the opening records give."""

from alembic import context

from analytics.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    # SQLite takes back a half-done migration if it runs within one transaction.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
