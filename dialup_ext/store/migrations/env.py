"""Runs migrations on the connection that `Store.prepare` hands over."""

from __future__ import annotations

from alembic import context

from dialup_ext.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
