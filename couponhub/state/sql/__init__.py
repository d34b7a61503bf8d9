"""Parts of the state whose SQL is the same for SQLite and PostgreSQL, over a `Database` of either."""
