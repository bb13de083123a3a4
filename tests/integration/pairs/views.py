# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for views and materialized views."""

from __future__ import annotations

from .model import Pair

_T = "CREATE TABLE t (a int, b int, c text);"

VIEWS = (
    Pair(
        "view",
        "",
        "CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0; COMMENT ON VIEW v IS 'v'; COMMENT ON COLUMN v.a IS 'a';",
        common=_T,
    ),
    Pair(
        "view: query", "CREATE VIEW v AS SELECT a FROM t;", "CREATE VIEW v AS SELECT a FROM t WHERE b > 1;", common=_T
    ),
    Pair("view: column added", "CREATE VIEW v AS SELECT a FROM t;", "CREATE VIEW v AS SELECT a, b FROM t;", common=_T),
    Pair(
        "view: other columns",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT b AS x, c FROM t;",
        common=_T,
    ),
    Pair(
        "view: names of columns",
        "CREATE VIEW v (x) AS SELECT a FROM t;",
        "CREATE VIEW v (y) AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "view: type of a column",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT a::bigint AS a FROM t;",
        common=_T,
    ),
    Pair(
        "view: security barrier",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v WITH (security_barrier) AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "view: security invoker",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v WITH (security_invoker = true) AS SELECT a FROM t;",
        common=_T,
        first=15,
    ),
    Pair(
        "view: check option",
        "CREATE VIEW v AS SELECT a FROM t WITH LOCAL CHECK OPTION;",
        "CREATE VIEW v AS SELECT a FROM t WITH CASCADED CHECK OPTION;",
        common=_T,
    ),
    Pair(
        "view: default of a column",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER a SET DEFAULT 5;",
        common=_T,
    ),
    Pair(
        "view: comments of columns",
        "CREATE VIEW v AS SELECT a, b FROM t; COMMENT ON COLUMN v.a IS 'a';",
        "CREATE VIEW v AS SELECT a, b FROM t; COMMENT ON COLUMN v.a IS 'x'; COMMENT ON COLUMN v.b IS 'b';",
        common=_T,
    ),
    Pair(
        "view: privileges of columns",
        "CREATE VIEW v AS SELECT a, b FROM t;",
        "CREATE VIEW v AS SELECT a, b FROM t; GRANT SELECT (a) ON v TO pair_reader;",
        common=_T,
    ),
    Pair(
        "view: privileges and owner",
        "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO pair_other;",
        "CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO pair_owner; GRANT SELECT ON v TO pair_reader;",
        common=_T,
    ),
    Pair(
        "views upon views",
        "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE VIEW x AS SELECT w.a FROM w, v;",
        "CREATE VIEW v AS SELECT a::text AS a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE VIEW x AS SELECT w.a FROM w, v;",
        common=_T,
    ),
    Pair("view: recursive", "", "CREATE RECURSIVE VIEW v (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM v WHERE n < 5;"),
    Pair(
        "view over everything",
        "CREATE TABLE x (a int); CREATE VIEW v AS SELECT * FROM x;",
        "CREATE TABLE x (a int, b int); CREATE VIEW v AS SELECT * FROM x;",
    ),
    Pair(
        "view with all that a query can have",
        "",
        "CREATE VIEW v AS WITH c AS (SELECT a, count(*) OVER (PARTITION BY b ORDER BY a) AS n FROM t) SELECT DISTINCT ON (c.a) c.a, x.y, array_agg(c.n) FILTER (WHERE c.n > 1) AS l FROM c LEFT JOIN LATERAL (SELECT 1 AS y) x ON true GROUP BY ROLLUP (c.a, x.y) HAVING count(*) > 0 ORDER BY c.a LIMIT 5;",
        common=_T,
    ),
    Pair("view becomes a table", "CREATE VIEW v AS SELECT a FROM t;", "CREATE TABLE v (a int);", common=_T),
    Pair(
        "view becomes a materialized view",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE MATERIALIZED VIEW v AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "materialized view",
        "",
        "CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t; CREATE UNIQUE INDEX mi ON m (a); COMMENT ON MATERIALIZED VIEW m IS 'm'; COMMENT ON COLUMN m.a IS 'a';",
        common=_T,
    ),
    Pair(
        "materialized view: query",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a);",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WHERE a > 0; CREATE INDEX mi ON m (a);",
        common=_T,
    ),
    Pair(
        "materialized view: parameters",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;",
        "CREATE MATERIALIZED VIEW m WITH (fillfactor = 70) AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "materialized view: data",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA;",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;",
        common=_T,
    ),
    Pair(
        "materialized view: statistics of a column",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 50;",
        common=_T,
    ),
    Pair(
        "materialized view: clustered",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a);",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX mi ON m (a); ALTER MATERIALIZED VIEW m CLUSTER ON mi;",
        common=_T,
    ),
    Pair(
        "materialized view: privileges and owner",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m OWNER TO pair_other;",
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m OWNER TO pair_owner; GRANT SELECT ON m TO pair_reader;",
        common=_T,
    ),
)
