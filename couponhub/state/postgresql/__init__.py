"""The state in PostgreSQL, for many machines. It needs the extra `postgresql`."""
