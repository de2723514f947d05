"""Alembic's entry: runs the plain-SQL migrations as the owner of the tables."""

from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.attributes.get("url") or context.config.get_main_option("sqlalchemy.url")
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
