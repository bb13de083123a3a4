# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for partitioned tables, their partitions, and inheritance."""

from __future__ import annotations

from .model import Pair

_P = "CREATE TABLE p (a int, b int, c text) PARTITION BY LIST (a);"
_P1 = _P + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
_SEED = "INSERT INTO p VALUES (1, 2, 'x'), (1, 3, NULL)"
_KEPT = "SELECT a, b, c FROM p ORDER BY b"
_TF = "CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"


def _with_partition(name: str, before: str, after: str, **more: object) -> Pair:
    """A partitioned table with a partition that has rows, and what else there is on either."""
    return Pair(name, _P1 + before, _P1 + after, seed=_SEED, kept=_KEPT, **more)  # type: ignore[arg-type]  # the names are Pair's


PARTITIONS = (
    Pair(
        "partitions by list",
        "",
        _P
        + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2); CREATE TABLE pn PARTITION OF p FOR VALUES IN (NULL); CREATE TABLE pd PARTITION OF p DEFAULT; COMMENT ON TABLE p IS 'p'; COMMENT ON TABLE p1 IS 'p1';",
    ),
    Pair(
        "partitions by range",
        "",
        "CREATE TABLE p (a int, c text) PARTITION BY RANGE (a, c); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (MINVALUE, MINVALUE) TO (5, 'x'); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (5, 'x') TO (MAXVALUE, MAXVALUE);",
    ),
    Pair(
        "partitions by hash",
        "",
        "CREATE TABLE p (a int) PARTITION BY HASH (a); CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);",
    ),
    Pair(
        "partitions by an expression",
        "",
        "CREATE TABLE p (a int, t text) PARTITION BY RANGE (lower(t) COLLATE \"C\" text_pattern_ops); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('a') TO ('m');",
    ),
    Pair(
        "partitions of partitions",
        "",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY RANGE (b); CREATE TABLE p11 PARTITION OF p1 FOR VALUES FROM (1) TO (5); CREATE INDEX i ON p (b); ALTER TABLE p ADD PRIMARY KEY (a, b);",
    ),
    Pair(
        "partition added",
        _P
        + "CREATE INDEX i ON p (b); ALTER TABLE p ADD CHECK (b > 0);"
        + _TF
        + "CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();",
        _P
        + "CREATE INDEX i ON p (b); ALTER TABLE p ADD CHECK (b > 0);"
        + _TF
        + "CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
    ),
    Pair(
        "partition: other values",
        _P + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        _P + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2);",
        seed=_SEED,
        kept=_KEPT,
    ),
    Pair(
        "partition: default",
        _P + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        _P + "CREATE TABLE p1 PARTITION OF p DEFAULT;",
        seed=_SEED,
        kept=_KEPT,
    ),
    Pair(
        "partition: values of two exchanged",
        _P + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);",
        _P + "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (2); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (1);",
    ),
    Pair(
        "partition detached",
        _P1,
        _P + "CREATE TABLE p1 (a int, b int, c text);",
        seed=_SEED,
        kept="SELECT a, b, c FROM p1 ORDER BY b",
    ),
    Pair(
        "partition detached, with keys and indexes",
        "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a); CREATE INDEX i ON p (b); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a); CREATE INDEX i ON p (b); CREATE TABLE p1 (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)); CREATE INDEX p1_b_idx ON p1 (b);",
        seed="INSERT INTO p VALUES (1, 2)",
        kept="SELECT * FROM p1",
    ),
    Pair(
        "partition of another table",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF q FOR VALUES IN (1);",
        seed="INSERT INTO p VALUES (1)",
        kept="SELECT * FROM p1",
    ),
    Pair(
        "partition with columns in another order",
        _P,
        _P + "CREATE TABLE p1 (c text, b int, a int); ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);",
    ),
    Pair(
        "partitioned table: key",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a);",
        "CREATE TABLE p (a int, b int) PARTITION BY RANGE (b);",
    ),
    Pair(
        "plain table becomes partitioned",
        "CREATE TABLE p (a int, b serial);",
        "CREATE TABLE p (a int, b serial) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE pd PARTITION OF p DEFAULT;",
        seed="INSERT INTO p (a) VALUES (1), (2)",
        kept="SELECT a, b FROM p ORDER BY a",
    ),
    _with_partition("partitioned: column added", "", "ALTER TABLE p ADD d int DEFAULT 5;"),
    _with_partition("partitioned: column dropped", "ALTER TABLE p ADD d int;", ""),
    _with_partition("partitioned: type of a column", "", "ALTER TABLE p ALTER b TYPE bigint;"),
    _with_partition("partitioned: not null", "", "ALTER TABLE p ALTER b SET NOT NULL;"),
    _with_partition("partition: not null", "", "ALTER TABLE p1 ALTER b SET NOT NULL;"),
    _with_partition("partitioned: default", "", "ALTER TABLE p ALTER b SET DEFAULT 5;"),
    _with_partition(
        "partition: default of its own",
        "",
        "ALTER TABLE p ALTER b SET DEFAULT 5; ALTER TABLE p1 ALTER b SET DEFAULT 6;",
    ),
    _with_partition(
        "partition: default taken away",
        "ALTER TABLE p ALTER b SET DEFAULT 5; ALTER TABLE p1 ALTER b SET DEFAULT 5;",
        "ALTER TABLE p ALTER b SET DEFAULT 5; ALTER TABLE p1 ALTER b DROP DEFAULT;",
    ),
    _with_partition("partitioned: check", "", "ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0);"),
    _with_partition(
        "partitioned: check changed",
        "ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0);",
        "ALTER TABLE p ADD CONSTRAINT k CHECK (b > -1);",
    ),
    _with_partition("partition: check of its own", "", "ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0);"),
    _with_partition(
        "partition: check that its parent gets too",
        "ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0);",
        "ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0); ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0);",
    ),
    _with_partition("partitioned: primary key", "", "ALTER TABLE p ADD PRIMARY KEY (a, b);"),
    _with_partition(
        "partitioned: unique",
        "ALTER TABLE p ADD CONSTRAINT u UNIQUE (a, b);",
        "ALTER TABLE p ADD CONSTRAINT u UNIQUE (b, a);",
    ),
    _with_partition(
        "partitioned: foreign key",
        "CREATE TABLE r (x int PRIMARY KEY); INSERT INTO r VALUES (2), (3);",
        "CREATE TABLE r (x int PRIMARY KEY); INSERT INTO r VALUES (2), (3); ALTER TABLE p ADD FOREIGN KEY (b) REFERENCES r;",
    ),
    _with_partition(
        "partition: foreign key of its own",
        "CREATE TABLE r (x int PRIMARY KEY); INSERT INTO r VALUES (2), (3);",
        "CREATE TABLE r (x int PRIMARY KEY); INSERT INTO r VALUES (2), (3); ALTER TABLE p1 ADD FOREIGN KEY (b) REFERENCES r;",
    ),
    Pair(
        "partitioned: foreign key to it",
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE f (a int);",
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE f (a int REFERENCES p ON DELETE CASCADE);",
    ),
    _with_partition("partitioned: index", "", "CREATE INDEX i ON p (b); COMMENT ON INDEX i IS 'i';"),
    _with_partition("partitioned: index changed", "CREATE INDEX i ON p (b);", "CREATE INDEX i ON p (c, b);"),
    _with_partition("partition: index of its own", "", "CREATE INDEX i ON p1 (b);"),
    _with_partition(
        "partition: index of its own that its parent gets too",
        "CREATE INDEX p1_b_idx ON p1 (b);",
        "CREATE INDEX i ON p (b);",
    ),
    _with_partition(
        "partition: attached index under another name",
        "CREATE INDEX i ON p (b);",
        "CREATE INDEX i ON p (b); ALTER INDEX p1_b_idx RENAME TO local;",
    ),
    _with_partition(
        "partition: attached index with a comment",
        "CREATE INDEX i ON p (b);",
        "CREATE INDEX i ON p (b); COMMENT ON INDEX p1_b_idx IS 'x';",
    ),
    _with_partition(
        "partition: attached index with parameters",
        "CREATE INDEX i ON p (b);",
        "CREATE INDEX i ON p (b); ALTER INDEX p1_b_idx SET (fillfactor = 70);",
    ),
    _with_partition("partitioned: index on the parent only", "", "CREATE INDEX i ON ONLY p (b);"),
    _with_partition(
        "partitioned: index attached",
        "CREATE INDEX i ON ONLY p (b); CREATE INDEX j ON p1 (b);",
        "CREATE INDEX i ON ONLY p (b); CREATE INDEX j ON p1 (b); ALTER INDEX i ATTACH PARTITION j;",
    ),
    _with_partition(
        "partition: key under another name",
        "ALTER TABLE p ADD CONSTRAINT u UNIQUE (a, b);",
        "ALTER TABLE p ADD CONSTRAINT u UNIQUE (a, b); ALTER TABLE p1 RENAME CONSTRAINT p1_a_b_key TO local;",
    ),
    _with_partition(
        "partition: key of its own that its parent gets too",
        "ALTER TABLE p1 ADD CONSTRAINT own UNIQUE (a, b);",
        "ALTER TABLE p1 ADD CONSTRAINT own UNIQUE (a, b); ALTER TABLE p ADD CONSTRAINT u UNIQUE (a, b);",
    ),
    _with_partition(
        "partitioned: trigger",
        _TF,
        _TF
        + "CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); COMMENT ON TRIGGER tr ON p IS 'tr';",
    ),
    _with_partition(
        "partitioned: trigger of statements", _TF, _TF + "CREATE TRIGGER tr AFTER INSERT ON p EXECUTE FUNCTION tf();"
    ),
    _with_partition(
        "partitioned: trigger changed",
        _TF + "CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();",
        _TF + "CREATE TRIGGER tr AFTER UPDATE ON p FOR EACH ROW EXECUTE FUNCTION tf();",
    ),
    _with_partition(
        "partition: trigger of its own",
        _TF,
        _TF + "CREATE TRIGGER tr BEFORE INSERT ON p1 FOR EACH ROW EXECUTE FUNCTION tf();",
    ),
    _with_partition(
        "partition: trigger of the parent disabled",
        _TF + "CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf();",
        _TF
        + "CREATE TRIGGER tr AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE p1 DISABLE TRIGGER tr;",
    ),
    _with_partition(
        "partition: row security", "", "ALTER TABLE p1 ENABLE ROW LEVEL SECURITY; CREATE POLICY po ON p1 USING (b > 0);"
    ),
    _with_partition("partition: storage parameters", "", "ALTER TABLE p1 SET (fillfactor = 70);"),
    _with_partition(
        "partition: storage and statistics of columns",
        "",
        "ALTER TABLE p1 ALTER c SET STORAGE EXTERNAL; ALTER TABLE p ALTER b SET STATISTICS 50; ALTER TABLE p1 ALTER b SET STATISTICS 60;",
    ),
    _with_partition(
        "partition: privileges and comments",
        "",
        "GRANT SELECT ON p1 TO pair_reader; GRANT INSERT ON p TO pair_writer; COMMENT ON COLUMN p1.b IS 'b'; COMMENT ON TABLE p1 IS 'p1';",
    ),
    _with_partition("partition: owner", "ALTER TABLE p1 OWNER TO pair_other;", "ALTER TABLE p1 OWNER TO pair_owner;"),
    _with_partition(
        "partition: replica identity",
        "",
        "ALTER TABLE p1 REPLICA IDENTITY FULL; ALTER TABLE p REPLICA IDENTITY NOTHING;",
    ),
    _with_partition("partition: unlogged", "", "ALTER TABLE p1 SET UNLOGGED;"),
    Pair(
        "partitioned: identity",
        "CREATE TABLE p (a int, b int GENERATED ALWAYS AS IDENTITY) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int, b int GENERATED BY DEFAULT AS IDENTITY (START 5)) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        first=17,
    ),
    Pair(
        "partitioned: generated column",
        "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
        "CREATE TABLE p (a int, b int, g int GENERATED ALWAYS AS (b * 2) STORED) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);",
    ),
    Pair(
        "partition in another schema",
        "CREATE SCHEMA other; CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE INDEX i ON p (b);",
        "CREATE SCHEMA other; CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE INDEX i ON p (b); CREATE TABLE other.p1 PARTITION OF p FOR VALUES IN (1);",
        alone=True,
    ),
    Pair(
        "partitioned table under a view",
        _P1 + "CREATE VIEW v AS SELECT a, b FROM p;",
        "CREATE TABLE p (a int, b bigint, c text) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE VIEW v AS SELECT a, b FROM p;",
        seed=_SEED,
        kept=_KEPT,
    ),
)

INHERITANCE = (
    Pair(
        "inheritance",
        "",
        "CREATE TABLE p (a int DEFAULT 1 CHECK (a > 0), b text NOT NULL); CREATE TABLE c (x int) INHERITS (p);",
    ),
    Pair(
        "inheritance: added",
        "CREATE TABLE p (a int); CREATE TABLE c (a int, x int);",
        "CREATE TABLE p (a int); CREATE TABLE c (a int, x int) INHERITS (p);",
        seed="INSERT INTO c VALUES (1, 2)",
        kept="SELECT a, x FROM c",
    ),
    Pair(
        "inheritance: from two",
        "CREATE TABLE p (a int); CREATE TABLE q (a int, b int); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int); CREATE TABLE q (a int, b int); CREATE TABLE c (x int) INHERITS (p, q);",
    ),
    Pair(
        "inheritance: column of the parent",
        "CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p);",
        "CREATE TABLE p (a int, b text DEFAULT 'x'); CREATE TABLE c () INHERITS (p);",
        seed="INSERT INTO c VALUES (1)",
        kept="SELECT a FROM p",
    ),
    Pair(
        "inheritance: type of a column",
        "CREATE TABLE p (a int); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a bigint); CREATE TABLE c (x int) INHERITS (p);",
        seed="INSERT INTO c VALUES (1, 2)",
        kept="SELECT a::int FROM p",
    ),
    Pair(
        "inheritance: column defined twice",
        "CREATE TABLE p (a int); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int); CREATE TABLE c (a int DEFAULT 5, x int) INHERITS (p);",
    ),
    Pair(
        "inheritance: default of the child",
        "CREATE TABLE p (a int DEFAULT 1); CREATE TABLE c (x int) INHERITS (p); ALTER TABLE c ALTER a SET DEFAULT 2;",
        "CREATE TABLE p (a int DEFAULT 3); CREATE TABLE c (x int) INHERITS (p);",
    ),
    Pair(
        "inheritance: not null of the parent",
        "CREATE TABLE p (a int); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int NOT NULL); CREATE TABLE c (x int) INHERITS (p);",
    ),
    Pair(
        "inheritance: not null of the child",
        "CREATE TABLE p (a int); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int); CREATE TABLE c (x int) INHERITS (p); ALTER TABLE c ALTER a SET NOT NULL;",
    ),
    Pair(
        "inheritance: check",
        "CREATE TABLE p (a int); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (x int, CONSTRAINT l CHECK (x > 0)) INHERITS (p);",
    ),
    Pair(
        "inheritance: check of both",
        "CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (a int CONSTRAINT k CHECK (a > 0), x int) INHERITS (p);",
    ),
    Pair(
        "inheritance: check that is not handed on",
        "CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0)); CREATE TABLE c (x int) INHERITS (p);",
        "CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0) NO INHERIT); CREATE TABLE c (x int) INHERITS (p);",
    ),
)
