# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs for triggers, rules and event triggers."""

from __future__ import annotations

from .model import Pair

_TRIGGER_FUNCTION = """
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE t (a int PRIMARY KEY, b int);
"""

PAIRS = (
    Pair(
        "trigger",
        "",
        "CREATE TRIGGER tr BEFORE INSERT OR UPDATE OF b ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION tf('x', '1'); COMMENT ON TRIGGER tr ON t IS 'tr';",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: timing",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE TRIGGER tr AFTER DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: disabled",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t DISABLE TRIGGER tr;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: for replicas",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t ENABLE ALWAYS TRIGGER tr;",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf(); ALTER TABLE t ENABLE REPLICA TRIGGER tr;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: constraint",
        "CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tf(); COMMENT ON TRIGGER tr ON t IS 'c';",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: constraint from another table",
        "",
        "CREATE TABLE u (a int PRIMARY KEY); CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t FROM u NOT DEFERRABLE FOR EACH ROW EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: transition tables",
        "CREATE TRIGGER tr AFTER UPDATE ON t REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION tf();",
        "CREATE TRIGGER tr AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: of a view",
        "CREATE VIEW v AS SELECT a FROM t;",
        "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: of a view that is made anew",
        "CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE VIEW v AS SELECT b FROM t; CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: of a column whose type changes",
        "CREATE TABLE u (a int, b int); CREATE TRIGGER tr BEFORE UPDATE OF a ON u FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION tf();",
        "CREATE TABLE u (a bigint, b int); CREATE TRIGGER tr BEFORE UPDATE OF a ON u FOR EACH ROW WHEN (NEW.a > 1) EXECUTE FUNCTION tf();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "trigger: function",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();",
        "CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tg();",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule",
        "",
        "CREATE RULE r AS ON INSERT TO t WHERE NEW.a > 5 DO ALSO DELETE FROM t WHERE a = NEW.b; COMMENT ON RULE r ON t IS 'r';",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: action",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD (UPDATE t SET b = 0 WHERE a = OLD.a; NOTIFY gone);",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: event",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON UPDATE TO t DO INSTEAD NOTHING;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: disabled",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; ALTER TABLE t DISABLE RULE r;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: of a view",
        "CREATE VIEW v AS SELECT a FROM t; CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO t (a) VALUES (NEW.a);",
        "CREATE VIEW v AS SELECT a, b FROM t; CREATE RULE r AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (NEW.a, NEW.b);",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "rule: under a column whose type changes",
        "CREATE TABLE u (a int, b int); CREATE RULE r AS ON DELETE TO u DO ALSO DELETE FROM t WHERE a = OLD.a;",
        "CREATE TABLE u (a bigint, b int); CREATE RULE r AS ON DELETE TO u DO ALSO DELETE FROM t WHERE a = OLD.a;",
        common=_TRIGGER_FUNCTION,
    ),
    Pair(
        "event trigger",
        "",
        "CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION ef(); COMMENT ON EVENT TRIGGER et IS 'et';",
        common="CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';",
        alone=True,
    ),
    Pair(
        "event trigger: event, tags, state",
        "CREATE EVENT TRIGGER et ON ddl_command_start EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER eu ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION ef();",
        "CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION ef(); CREATE EVENT TRIGGER eu ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER eu ENABLE ALWAYS;",
        common="CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';",
        alone=True,
    ),
)
