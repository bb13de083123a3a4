# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for operators, operator classes and families, casts, conversions, collations, languages, access methods."""

from __future__ import annotations

from .model import Pair

_OPERATOR_FUNCTIONS = """
    CREATE TYPE two AS (a int, b int);
    CREATE FUNCTION two_lt(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
    CREATE FUNCTION two_gt(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a > ($2).a';
    CREATE FUNCTION two_le(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a <= ($2).a';
    CREATE FUNCTION two_ge(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a >= ($2).a';
    CREATE FUNCTION two_eq(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = ($2).a';
    CREATE FUNCTION two_ne(two, two) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a <> ($2).a';
    CREATE FUNCTION two_cmp(two, two) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT sign(($1).a - ($2).a)::int';
    CREATE FUNCTION two_int(two, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = $2';
    CREATE FUNCTION two_neg(two) RETURNS two LANGUAGE sql IMMUTABLE AS 'SELECT ROW(-($1).a, ($1).b)::two';
    CREATE FUNCTION two_text(two) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a::text';
"""
_OPERATORS = """
    CREATE OPERATOR <  (FUNCTION = two_lt, LEFTARG = two, RIGHTARG = two, COMMUTATOR = >, NEGATOR = >=,
                        RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
    CREATE OPERATOR >  (FUNCTION = two_gt, LEFTARG = two, RIGHTARG = two, COMMUTATOR = <, NEGATOR = <=);
    CREATE OPERATOR <= (FUNCTION = two_le, LEFTARG = two, RIGHTARG = two, COMMUTATOR = >=, NEGATOR = >);
    CREATE OPERATOR >= (FUNCTION = two_ge, LEFTARG = two, RIGHTARG = two, COMMUTATOR = <=, NEGATOR = <);
    CREATE OPERATOR =  (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, COMMUTATOR = =, NEGATOR = <>,
                        RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
    CREATE OPERATOR <> (FUNCTION = two_ne, LEFTARG = two, RIGHTARG = two, COMMUTATOR = <>, NEGATOR = =);
"""
_CLASS = """
    CREATE OPERATOR CLASS two_ops DEFAULT FOR TYPE two USING btree AS
        OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 two_cmp(two, two);
"""

PAIRS = (
    Pair(
        "operator",
        "",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two); COMMENT ON OPERATOR === (two, two) IS 'same';",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: prefix",
        "",
        "CREATE OPERATOR !! (FUNCTION = two_neg, RIGHTARG = two); COMMENT ON OPERATOR !! (NONE, two) IS 'neg';",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: function",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two);",
        "CREATE OPERATOR === (FUNCTION = two_lt, LEFTARG = two, RIGHTARG = two);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: estimators",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, RESTRICT = eqsel);",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, JOIN = eqjoinsel);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair("operators that name one another", "", _OPERATORS, common=_OPERATOR_FUNCTIONS),
    Pair(
        "operator: hashes and negator",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, COMMUTATOR = ===);",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two, COMMUTATOR = ===, NEGATOR = !==, HASHES);"
        "CREATE OPERATOR !== (FUNCTION = two_ne, LEFTARG = two, RIGHTARG = two, NEGATOR = ===);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator: owner",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two);ALTER OPERATOR === (two, two) OWNER TO pair_other;",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two); ALTER OPERATOR === (two, two) OWNER TO pair_owner;",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator that a view uses: function",
        "CREATE OPERATOR === (FUNCTION = two_eq, LEFTARG = two, RIGHTARG = two); CREATE TABLE t (a two); CREATE VIEW v AS SELECT a === a AS x FROM t;",
        "CREATE OPERATOR === (FUNCTION = two_lt, LEFTARG = two, RIGHTARG = two); CREATE TABLE t (a two); CREATE VIEW v AS SELECT a === a AS x FROM t;",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator class",
        "",
        _CLASS
        + "COMMENT ON OPERATOR CLASS two_ops USING btree IS 'c'; CREATE TABLE t (a two); CREATE INDEX i ON t (a);",
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: members",
        _CLASS,
        _CLASS.replace("OPERATOR 2 <=, ", ""),
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: not the default one",
        _CLASS,
        _CLASS.replace("DEFAULT ", "") + "CREATE TABLE t (a two); CREATE INDEX i ON t (a two_ops);",
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: family",
        _CLASS,
        "CREATE OPERATOR FAMILY fam USING btree; COMMENT ON OPERATOR FAMILY fam USING btree IS 'f';"
        + _CLASS.replace("btree AS", "btree FAMILY fam AS"),
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: owner",
        _CLASS
        + "ALTER OPERATOR CLASS two_ops USING btree OWNER TO pair_other; ALTER OPERATOR FAMILY two_ops USING btree OWNER TO pair_other;",
        _CLASS
        + "ALTER OPERATOR CLASS two_ops USING btree OWNER TO pair_owner; ALTER OPERATOR FAMILY two_ops USING btree OWNER TO pair_owner;",
        common=_OPERATOR_FUNCTIONS + _OPERATORS,
    ),
    Pair(
        "operator class: gist with storage",
        "",
        "CREATE OPERATOR CLASS my_inet FOR TYPE inet USING gist AS OPERATOR 3 &&, FUNCTION 1 inet_gist_consistent(internal, inet, smallint, oid, internal), FUNCTION 2 inet_gist_union(internal, internal), FUNCTION 3 inet_gist_compress(internal), FUNCTION 5 inet_gist_penalty(internal, internal, internal), FUNCTION 6 inet_gist_picksplit(internal, internal), FUNCTION 7 inet_gist_same(inet, inet, internal), STORAGE gtsvector;",
    ),
    Pair(
        "operator family: members",
        "CREATE OPERATOR FAMILY fam USING btree;",
        "CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR === (FUNCTION = two_int, LEFTARG = two, RIGHTARG = int); ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 3 === (two, int);",
        common=_OPERATOR_FUNCTIONS,
    ),
    Pair(
        "operator family: other members",
        "CREATE OPERATOR FAMILY fam USING hash; ALTER OPERATOR FAMILY fam USING hash ADD FUNCTION 1 (int, int) hashint4(int);",
        "CREATE OPERATOR FAMILY fam USING hash; ALTER OPERATOR FAMILY fam USING hash ADD FUNCTION 1 (int, int) hashoid(oid), FUNCTION 2 (int, int) hashint4extended(int, bigint);",
        last=12,
    ),
    Pair(
        "cast with a function",
        "",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two) AS ASSIGNMENT; COMMENT ON CAST (two AS text) IS 'c';",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "cast: context",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two);",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two) AS IMPLICIT;",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "cast: method",
        "CREATE CAST (two AS text) WITH FUNCTION two_text(two);",
        "CREATE CAST (two AS text) WITH INOUT;",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "cast without a function",
        "",
        "CREATE TYPE one AS ENUM ('a'); CREATE DOMAIN dd AS text; CREATE CAST (money AS bigint) WITHOUT FUNCTION;",
        alone=True,
    ),
    Pair(
        "cast that a view needs",
        "CREATE TABLE t (a two); CREATE CAST (two AS text) WITH FUNCTION two_text(two); CREATE VIEW v AS SELECT a::text AS a FROM t;",
        "CREATE TABLE t (a two); CREATE CAST (two AS text) WITH FUNCTION two_text(two) AS ASSIGNMENT; CREATE VIEW v AS SELECT a::text AS a FROM t;",
        common=_OPERATOR_FUNCTIONS,
        alone=True,
    ),
    Pair(
        "conversion",
        "",
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; COMMENT ON CONVERSION c IS 'c';",
    ),
    Pair(
        "conversion: default",
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; ALTER CONVERSION c OWNER TO pair_other;",
        "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; ALTER CONVERSION c OWNER TO pair_owner;",
    ),
    Pair(
        "collation",
        "",
        "CREATE COLLATION c (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'POSIX'); COMMENT ON COLLATION c IS 'c'; CREATE TABLE t (a text COLLATE c); CREATE INDEX i ON t (a COLLATE \"C\"); CREATE DOMAIN d AS text COLLATE c;",
    ),
    Pair(
        "collation: locale",
        "CREATE COLLATION c (LOCALE = 'C'); ALTER COLLATION c OWNER TO pair_other;",
        "CREATE COLLATION c (LOCALE = 'POSIX'); ALTER COLLATION c OWNER TO pair_owner;",
    ),
    Pair(
        "collation: icu",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de');",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de-u-ks-level2', DETERMINISTIC = false);",
    ),
    Pair(
        "collation: icu rules",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de');",
        "CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de', RULES = '&a < b');",
        first=16,
    ),
    Pair("collation: built in", "", "CREATE COLLATION c (PROVIDER = builtin, LOCALE = 'C.UTF-8');", first=17),
    Pair(
        "collation of a column: made anew",
        "CREATE COLLATION c (LOCALE = 'C'); CREATE TABLE t (a text COLLATE c);",
        "CREATE COLLATION c (LOCALE = 'POSIX'); CREATE TABLE t (a text COLLATE c);",
    ),
    Pair(
        "language",
        "",
        "CREATE TRUSTED LANGUAGE pl HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; COMMENT ON LANGUAGE pl IS 'l'; CREATE FUNCTION f() RETURNS int LANGUAGE pl AS 'BEGIN RETURN 1; END';",
        alone=True,
    ),
    Pair(
        "language: validator",
        "CREATE LANGUAGE pl HANDLER plpgsql_call_handler; ALTER LANGUAGE pl OWNER TO pair_other;",
        "CREATE LANGUAGE pl HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator; ALTER LANGUAGE pl OWNER TO pair_owner;",
        alone=True,
    ),
    Pair(
        "language: privileges",
        "CREATE TRUSTED LANGUAGE pl HANDLER plpgsql_call_handler;",
        "CREATE TRUSTED LANGUAGE pl HANDLER plpgsql_call_handler; REVOKE ALL ON LANGUAGE pl FROM PUBLIC; GRANT USAGE ON LANGUAGE pl TO pair_reader;",
        alone=True,
    ),
    Pair(
        "transform",
        "",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal)); COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 't';",
        alone=True,
    ),
    Pair(
        "transform: functions",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));",
        "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));",
        alone=True,
    ),
    Pair(
        "access method",
        "",
        "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; COMMENT ON ACCESS METHOD heap2 IS 'h'; CREATE TABLE t (a int) USING heap2; CREATE ACCESS METHOD bt TYPE INDEX HANDLER bthandler;",
        alone=True,
    ),
    Pair(
        "access method: handler",
        "CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler;",
        "CREATE ACCESS METHOD am TYPE INDEX HANDLER hashhandler;",
        alone=True,
    ),
)
