"""The database: the only room that knows SQLAlchemy. Rows never leave it; domain values do."""
