# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for constraints and indexes."""

from __future__ import annotations

from .model import Pair

_T = "CREATE TABLE t (a int, b int, c text);"
_ROWS = "INSERT INTO t VALUES (1, 2, 'x'), (2, NULL, NULL), (3, 3, 'z')"
_KEPT = "SELECT a FROM t ORDER BY a"


def _constrained(name: str, before: str, after: str, **more: object) -> Pair:
    """A table whose constraints differ."""
    tables = "CREATE TABLE r (x int PRIMARY KEY, y int, UNIQUE (x, y));", "CREATE TABLE t (a int, b int, c text{});"
    sides = [tables[0] + tables[1].format(", " + words if words else "") for words in (before, after)]
    return Pair(name, *sides, **more)  # type: ignore[arg-type]  # the names are Pair's


def _indexed(name: str, before: str, after: str, **more: object) -> Pair:
    return Pair(name, _T + before, _T + after, seed=_ROWS, kept=_KEPT, **more)  # type: ignore[arg-type]  # the names are Pair's


CONSTRAINTS = (
    _constrained("primary key", "", "PRIMARY KEY (a)"),
    _constrained("primary key: columns", "PRIMARY KEY (a)", "PRIMARY KEY (b, a)"),
    _constrained("primary key: name", "PRIMARY KEY (a)", "CONSTRAINT pk PRIMARY KEY (a)"),
    _constrained("primary key: included columns", "PRIMARY KEY (a)", "PRIMARY KEY (a) INCLUDE (b)"),
    _constrained("primary key: deferrable", "PRIMARY KEY (a)", "PRIMARY KEY (a) DEFERRABLE INITIALLY DEFERRED"),
    _constrained("primary key: storage", "PRIMARY KEY (a)", "PRIMARY KEY (a) WITH (fillfactor = 70)"),
    _constrained("primary key and unique under one name", "CONSTRAINT k PRIMARY KEY (a)", "CONSTRAINT k UNIQUE (a)"),
    _constrained("unique", "", "UNIQUE (a, b)"),
    _constrained("unique: nulls", "UNIQUE (a)", "UNIQUE NULLS NOT DISTINCT (a)", first=15),
    _constrained("unique: included columns", "UNIQUE (a)", "UNIQUE (a) INCLUDE (b, c)"),
    _constrained("unique: deferrable", "UNIQUE (a) DEFERRABLE", "UNIQUE (a) DEFERRABLE INITIALLY DEFERRED"),
    _constrained("check", "", "CHECK (a > 0)"),
    _constrained("check: expression", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT k CHECK (a > 0 AND b <> 5)"),
    _constrained("check: name", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT kk CHECK (a > 0)"),
    _constrained("check: not inherited", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT k CHECK (a > 0) NO INHERIT"),
    _constrained("check over a list", "CHECK (c IN ('x', 'y'))", "CHECK (c IN ('x', 'y', 'z'))"),
    _constrained(
        "check: not enforced", "CONSTRAINT k CHECK (a > 0)", "CONSTRAINT k CHECK (a > 0) NOT ENFORCED", first=18
    ),
    Pair(
        "check: validated",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);",
    ),
    Pair(
        "check over varchar",
        "CREATE TABLE t (v varchar(10) CHECK (v IN ('a', 'b')));",
        "CREATE TABLE t (v varchar(10) CHECK (v IN ('a', 'b', 'c') AND v::text LIKE '%'));",
    ),
    _constrained("foreign key", "", "FOREIGN KEY (a) REFERENCES r"),
    _constrained(
        "foreign key: table",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y)",
    ),
    _constrained(
        "foreign key: actions",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r ON DELETE CASCADE ON UPDATE RESTRICT",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r ON DELETE SET NULL ON UPDATE SET DEFAULT",
    ),
    _constrained(
        "foreign key: columns set null",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y) ON DELETE SET NULL",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y) ON DELETE SET NULL (b)",
        first=15,
    ),
    _constrained(
        "foreign key: match",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y)",
        "CONSTRAINT f FOREIGN KEY (a, b) REFERENCES r (x, y) MATCH FULL",
    ),
    _constrained(
        "foreign key: deferrable",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r DEFERRABLE INITIALLY DEFERRED",
    ),
    _constrained(
        "foreign key: not enforced",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r",
        "CONSTRAINT f FOREIGN KEY (a) REFERENCES r NOT ENFORCED",
        first=18,
    ),
    Pair(
        "foreign key: validated",
        "CREATE TABLE r (x int PRIMARY KEY);"
        + _T
        + "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r NOT VALID;",
        "CREATE TABLE r (x int PRIMARY KEY);" + _T + "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES r;",
    ),
    Pair("foreign key to itself", "", "CREATE TABLE t (a int PRIMARY KEY, up int REFERENCES t ON DELETE CASCADE);"),
    Pair(
        "foreign key to a key that is made anew",
        "CREATE TABLE r (x int PRIMARY KEY, y int); CREATE TABLE t (a int REFERENCES r);",
        "CREATE TABLE r (x int PRIMARY KEY, y int NOT NULL); ALTER TABLE r DROP CONSTRAINT r_pkey; ALTER TABLE r ADD CONSTRAINT r_pkey PRIMARY KEY (x) INCLUDE (y); CREATE TABLE t (a int REFERENCES r);",
    ),
    Pair(
        "foreign key to columns whose type changes",
        "CREATE TABLE r (x int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r);",
        "CREATE TABLE r (x bigint PRIMARY KEY); CREATE TABLE t (a bigint REFERENCES r);",
        seed="INSERT INTO r VALUES (1); INSERT INTO t VALUES (1);",
        kept="SELECT a::int, x::int FROM r, t",
    ),
    _constrained("exclusion", "", "EXCLUDE USING gist (int4range(a, b) WITH &&)"),
    _constrained(
        "exclusion: expression",
        "CONSTRAINT x EXCLUDE USING gist (int4range(a, b) WITH &&) WHERE (a < b)",
        "CONSTRAINT x EXCLUDE USING gist (int4range(a, b, '[]') WITH &&) WHERE (a <= b) DEFERRABLE",
    ),
    _constrained(
        "exclusion: method", "CONSTRAINT x EXCLUDE USING btree (a WITH =)", "CONSTRAINT x EXCLUDE USING hash (a WITH =)"
    ),
    Pair(
        "without overlaps",
        "CREATE TABLE t (a int4range, b daterange);",
        "CREATE TABLE t (a int4range, b daterange, CONSTRAINT k PRIMARY KEY (a, b WITHOUT OVERLAPS)); CREATE TABLE u (a int4range, b daterange, FOREIGN KEY (a, PERIOD b) REFERENCES t (a, PERIOD b));",
        first=18,
    ),
    Pair(
        "without overlaps and with",
        "CREATE TABLE t (a int4range, b daterange, CONSTRAINT k UNIQUE (a, b));",
        "CREATE TABLE t (a int4range, b daterange, CONSTRAINT k UNIQUE (a, b WITHOUT OVERLAPS));",
        first=18,
    ),
    Pair(
        "constraint: comments",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);",
        _T + "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0); COMMENT ON CONSTRAINT k ON t IS 'k';",
    ),
)

INDEXES = (
    _indexed("index", "", "CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'i';"),
    _indexed("index: columns", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (b, a);"),
    _indexed("index: name", "CREATE INDEX i ON t (a);", "CREATE INDEX j ON t (a);"),
    _indexed("index: unique", "CREATE INDEX i ON t (a);", "CREATE UNIQUE INDEX i ON t (a);"),
    _indexed(
        "index: nulls not distinct",
        "CREATE UNIQUE INDEX i ON t (b);",
        "CREATE UNIQUE INDEX i ON t (b) NULLS NOT DISTINCT;",
        first=15,
    ),
    _indexed("index: method", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t USING hash (a);"),
    _indexed(
        "index: brin with parameters",
        "CREATE INDEX i ON t USING brin (a);",
        "CREATE INDEX i ON t USING brin (a) WITH (pages_per_range = 8, autosummarize = true);",
    ),
    _indexed(
        "index: gin",
        "CREATE INDEX i ON t USING gin (to_tsvector('english', c));",
        "CREATE INDEX i ON t USING gin (to_tsvector('simple', c)) WITH (fastupdate = false);",
    ),
    _indexed("index: gist", "", "CREATE INDEX i ON t USING gist (int4range(a, b));"),
    _indexed("index: spgist", "", "CREATE INDEX i ON t USING spgist (c);"),
    _indexed(
        "index: operator class with parameters",
        "CREATE INDEX i ON t USING gist (to_tsvector('simple', c));",
        "CREATE INDEX i ON t USING gist (to_tsvector('simple', c) tsvector_ops (siglen = 200));",
    ),
    _indexed("index: order", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a DESC NULLS LAST);"),
    _indexed(
        "index: collation and operator class",
        'CREATE INDEX i ON t (c COLLATE "C");',
        "CREATE INDEX i ON t (c text_pattern_ops);",
    ),
    _indexed("index: expression", "CREATE INDEX i ON t (lower(c));", "CREATE INDEX i ON t (upper(c), (a + b));"),
    _indexed("index: partial", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a) WHERE b > 5 AND c IS NOT NULL;"),
    _indexed("index: included columns", "CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a) INCLUDE (b, c);"),
    _indexed(
        "index: storage",
        "CREATE INDEX i ON t (a) WITH (fillfactor = 70);",
        "CREATE INDEX i ON t (a) WITH (fillfactor = 80, deduplicate_items = off);",
    ),
    _indexed(
        "index: statistics of an expression",
        "CREATE INDEX i ON t (a, (b + 1));",
        "CREATE INDEX i ON t (a, (b + 1)); ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 300;",
    ),
    _indexed("index: comment", "CREATE INDEX i ON t (a); COMMENT ON INDEX i IS 'x';", "CREATE INDEX i ON t (a);"),
    _indexed(
        "index and constraint change places",
        "CREATE UNIQUE INDEX k ON t (a);",
        "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a);",
    ),
    _indexed(
        "index: names exchanged",
        "CREATE INDEX i ON t (a); CREATE INDEX j ON t (b);",
        "CREATE INDEX j ON t (a); CREATE INDEX i ON t (b);",
    ),
)
