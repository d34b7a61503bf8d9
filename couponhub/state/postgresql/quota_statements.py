"""The statements that count calls in windows: each is one step that nobody else gets in between.

Rows are locked in the order of their names before the server's clock is read: whoever had to wait for another who began a
new window must not take that window for one of a clock that was set back. All of them commit without waiting for the
disk: after a power cut a few calls may be forgotten.
"""

from typing import LiteralString

NOW: LiteralString = "(extract(epoch FROM clock_timestamp())::float8 + %(ahead)s::float8)"

ENSURE: LiteralString = """
    INSERT INTO budgets (account, name, ends, used)
    SELECT %(account)s, name, 0, 0 FROM unnest(%(names)s::text[]) AS wanted (name)
    ON CONFLICT (account, name) DO NOTHING
"""
"""Makes rows that are over; all others change rows that are there."""

_COUNTS: LiteralString = f"""
WITH held AS MATERIALIZED (
    SELECT name, ends, used, cap FROM budgets
    WHERE account = %(account)s AND (name = ANY(%(names)s::text[]) OR name = %(kind)s) ORDER BY name FOR UPDATE
), moment AS MATERIALIZED (
    SELECT {NOW} AS now, set_config('synchronous_commit', 'off', true) FROM (SELECT count(*) FROM held) AS counted
), counts AS MATERIALIZED (
    SELECT place, wanted.name, "limit", now,
        CASE WHEN is_on THEN ends ELSE (floor(now / seconds) + 1) * seconds END AS ends,
        CASE WHEN is_on THEN used ELSE 0 END AS used,
        CASE WHEN is_on THEN coalesce(cap, "limit") ELSE "limit" END AS cap
    FROM moment
    CROSS JOIN unnest(%(names)s::text[], %(limits)s::bigint[], %(seconds)s::float8[])
        WITH ORDINALITY AS wanted (name, "limit", seconds, place)
    JOIN held ON held.name = wanted.name
    -- A window that ends later than a whole one from now was written before the clock was set back.
    CROSS JOIN LATERAL (SELECT ends > now AND ends <= now + seconds AS is_on) AS standing
)"""  # noqa: S608 - words of ours

TAKE: LiteralString = f"""{_COUNTS}, paused AS MATERIALIZED (
    SELECT ends FROM held, moment WHERE name = %(kind)s AND ends > now AND ends <= now + %(longest)s::float8
), granted AS MATERIALIZED (
    SELECT greatest(1, least(%(want)s::float8, floor(min(cap - used) * %(lease)s::float8)))::bigint AS calls FROM counts
    HAVING count(*) = cardinality(%(names)s::text[]) AND min(cap - used) > 0 AND NOT EXISTS (SELECT FROM paused)
), written AS (
    UPDATE budgets SET ends = counts.ends, used = counts.used + calls, cap = nullif(counts.cap, "limit")
    FROM counts, granted WHERE account = %(account)s AND budgets.name = counts.name RETURNING 1
)
SELECT now, ends, used + coalesce(calls, 0) AS used, cap, calls, (SELECT ends FROM paused) AS paused
FROM counts LEFT JOIN granted ON true ORDER BY place
"""  # noqa: S608 - the same
"""Counts calls in every window or in none; returns each window as it is then, the calls, and how long the kind is paused."""

ADD: LiteralString = f"""{_COUNTS}
UPDATE budgets SET ends = counts.ends, used = counts.used + %(calls)s::bigint, cap = nullif(counts.cap, "limit")
FROM counts WHERE account = %(account)s AND budgets.name = counts.name RETURNING 1
"""  # noqa: S608 - the same
"""Counts calls that were made already."""

TELL: LiteralString = f"""{_COUNTS}, said AS MATERIALIZED (
    SELECT *, coalesce(%(said)s::bigint, cap) AS said_cap FROM counts
), told AS MATERIALIZED (
    SELECT *, CASE WHEN %(remaining)s::bigint < 0 THEN said_cap
        ELSE greatest(used, said_cap - %(remaining)s::bigint) END AS told_used FROM said
), written AS (
    UPDATE budgets SET ends = now + %(ends_in)s::float8, used = told_used, cap = nullif(said_cap, "limit")
    FROM told WHERE account = %(account)s AND budgets.name = told.name
        AND (%(remaining)s::bigint < 0 OR told_used <> told.used OR said_cap <> told.cap)
    RETURNING budgets.ends
)
SELECT now, coalesce(written.ends, told.ends) AS ends, told_used AS used, said_cap AS cap, written.ends IS NOT NULL AS changed
FROM told LEFT JOIN written ON true
"""  # noqa: S608 - the same
"""Takes over what a vendor says of a window; `remaining` below 0 leaves nothing in it, whatever its limit."""

PAUSE: LiteralString = f"""
    INSERT INTO budgets (account, name, ends, used) SELECT %(account)s, %(kind)s, {NOW} + %(ends_in)s::float8, 0
    ON CONFLICT (account, name) DO UPDATE SET ends = excluded.ends, used = 0, cap = NULL RETURNING 1
"""

LEFT: LiteralString = f"""
    SELECT {NOW} AS now, name, ends, used, cap FROM (SELECT 1) AS one
    LEFT JOIN budgets ON account = %(account)s AND name = ANY(%(names)s::text[])
"""  # noqa: S608 - the same
"""Returns one row at least, with the moment."""
