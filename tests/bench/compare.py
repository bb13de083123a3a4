#!/usr/bin/env python3
# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This collection beside the public tools that compare two PostgreSQL databases and write the statements between them.

tests/bench/compare.py [domainflow] [small] [large]     (domainflow and small, where nothing is named)

Each tool gets the same two databases, and its statements are run on a copy of the first one. What counts: does it give
statements, do they run, and does pg_dump see a difference afterwards? (NOT NULL constraints under names that PostgreSQL
chose count as equal.) The tools are installed from PyPI, npm and Debian's packages into .cache/compare.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / ".cache" / "collections"), str(ROOT / "tests" / "bench")]

import large  # noqa: E402  # the path is set above
from dump_compare import difference  # noqa: E402  # the path is set above

import servers  # noqa: E402  # the path is set above
from ansible_collections.domainflow.database.plugins.module_utils import engine  # noqa: E402  # the path is set above
from ansible_collections.domainflow.database.plugins.module_utils.policy import Policy  # noqa: E402  # the path is set above

PLACE = ROOT / ".cache" / "compare"
LONGEST = int(os.environ.get("COMPARE_TIMEOUT", "900"))  # seconds for each tool
CHOSEN = re.compile(r" CONSTRAINT \w+_not_null\d?\b")

EDITS = """
ALTER TABLE public.personas ADD COLUMN last_used_at timestamptz, ADD COLUMN uses integer NOT NULL DEFAULT 0;
ALTER TABLE public.personas ALTER COLUMN name TYPE varchar(400);
ALTER TABLE public.personas ADD CONSTRAINT personas_uses_check CHECK (uses >= 0);
CREATE TYPE public.priority AS ENUM ('low', 'normal', 'high');
CREATE TABLE public.campaign_notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES public.campaigns (id) ON DELETE CASCADE, priority public.priority NOT NULL
    DEFAULT 'normal', note text NOT NULL CHECK (note <> ''), written_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX campaign_notes_open ON public.campaign_notes (campaign_id, written_at DESC) WHERE priority = 'high';
CREATE VIEW public.used_personas AS SELECT id, name, uses FROM public.personas WHERE uses > 0;
CREATE TRIGGER touch BEFORE UPDATE ON public.campaign_notes FOR EACH ROW
    EXECUTE FUNCTION public.trigger_set_timestamp();
CREATE OR REPLACE FUNCTION public.trigger_set_timestamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
ALTER TABLE public.personas ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON public.personas USING (true);
COMMENT ON TABLE public.personas IS 'Who the requests seem to come from';
DROP INDEX IF EXISTS public.idx_personas_type;
"""


class Failed(Exception):
    """A tool, or what it wrote, did not get to the end."""


@dataclass(frozen=True)
class Case:
    """Two databases, and the second one as a file."""

    server: Any
    old: str
    new: str
    file: Path

    def url(self, name: str) -> str:
        """Without the password: that is in the environment."""
        return f"postgresql://{self.server.user}@{self.server.host}:{self.server.port}/{name}"


def run(command: Sequence[str], server: Any = None, accept: Sequence[int] = (0,), **options: Any) -> str:
    """Run a tool, give what it prints. Raises Failed."""
    variables = {"PGPASSWORD": server.password, "PGUSER": server.user} if server else {}
    try:
        done = subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
            env={**os.environ, **variables, "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
            **options,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer after {LONGEST} s") from None
    if done.returncode not in accept:
        lines = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        errors = [line for line in lines if re.search("error|exception|cycle", line, re.IGNORECASE)]
        raise Failed((errors or lines or [f"status {done.returncode}"])[-1].strip()[:160])
    return done.stdout


def _python(package: str, *more: str) -> Path:
    folder = PLACE / package
    if not (folder / ".ready").exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder)])
        # The oldest of the tools import pkg_resources, which newer setuptools do not have.
        run([str(folder / "bin" / "pip"), "install", "-q", package, "setuptools<81", "psycopg2-binary", *more])
        (folder / ".ready").touch()
    return folder / "bin"


def _node(package: str, version: str) -> Path:
    folder = PLACE / re.sub(r"\W+", "-", package).strip("-")
    if not (folder / ".ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", f"{package}@{version}"], cwd=folder)
        (folder / ".ready").touch()
    return folder / "node_modules" / ".bin"


def _migra() -> Path:
    return _python("migra", "psycopg[binary]")  # which it needs and does not ask for


def _pgkit_migra() -> Path:
    return _node("@pgkit/migra", "0.6.1")


def _pg_delta() -> Path:
    return _node("@supabase/pg-delta", "1.0.0-alpha.34")


def migra(case: Case) -> str:
    command = [str(_migra() / "migra"), "--unsafe", "--with-privileges"]
    return run([*command, case.url(case.old), case.url(case.new)], case.server, accept=(0, 2))


def pgkit_migra(case: Case) -> str:
    command = [str(_pgkit_migra() / "migra"), "run", "--unsafe", "true"]
    text = run([*command, case.url(case.old), case.url(case.new)], case.server, accept=(0, 2))
    return re.sub(r"(?m)^(?:WARNING: | {4}at ).*$", "", text)  # its driver warns among the statements


def pg_delta(case: Case) -> str:
    tool = str(_pg_delta() / "pgdelta")
    with tempfile.TemporaryDirectory() as folder:
        plan, written = Path(folder, "plan.json"), Path(folder, "plan.sql")
        sides = ["--source", case.url(case.old), "--desired", case.url(case.new)]
        run([tool, "plan", *sides, "--renames", "off", "--out", str(plan)], case.server)
        run([tool, "render", "--plan", str(plan), "--out", str(written), "--allow-drops"], case.server)
        # Where it has to, it writes more than one file: what runs in a transaction, and what cannot.
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.sql")))


def pyrseas(case: Case) -> str:
    tools = _python("Pyrseas")
    place = ["-H", case.server.host, "-p", str(case.server.port), "-U", case.server.user]
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder, "new.yaml")
        described.write_text(run([str(tools / "dbtoyaml"), *place, case.new], case.server, cwd=folder), "utf-8")
        return run([str(tools / "yamltodb"), *place, case.old, str(described)], case.server, cwd=folder)


def apgdiff(case: Case) -> str:
    jar = _apgdiff()
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in (case.old, case.new):
            files.append(Path(folder, f"{name}.sql"))
            dump = servers.pg_dump(case.server, name, "--schema-only", "--no-owner")
            # It does not know the backslash commands of newer versions.
            files[-1].write_text(re.sub(r"(?m)^\\.*$", "", dump), encoding="utf-8")
        return run(["java", "-jar", str(jar), "--ignore-start-with", *map(str, files)])


def pg_schema_diff(case: Case) -> str:
    tool = str(_python("pg-schema-diff") / "pg-schema-diff")
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "diff.sql")
        sides = ["--source", case.url(case.old), "--target", case.url(case.new)]
        run([tool, "diff", *sides, "--format", "sql", "-o", str(written)], case.server)
        return written.read_text(encoding="utf-8")


def _apgdiff() -> Path:
    jar = PLACE / "apgdiff" / "usr" / "share" / "java" / "apgdiff.jar"
    if not jar.exists():
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)  # noqa: S103  # apt downloads as a user of its own
            run(["apt-get", "download", "apgdiff"], cwd=folder)
            (package,) = Path(folder).glob("*.deb")
            run(["dpkg", "-x", str(package), str(PLACE / "apgdiff")])
        (unpacked,) = jar.parent.glob("apgdiff-*.jar")
        jar.symlink_to(unpacked.name)
    return jar


TOOLS: dict[str, Callable[[Case], str]] = {
    "pg-delta 1.0.0-alpha.34 (npm)": pg_delta,
    "migra (PyPI)": migra,
    "@pgkit/migra (npm)": pgkit_migra,
    "Pyrseas (PyPI)": pyrseas,
    "apgdiff (Debian)": apgdiff,
    "pg-schema-diff (PyPI)": pg_schema_diff,
}


INSTALL: dict[str, Callable[[], Path]] = {
    "pg-delta 1.0.0-alpha.34 (npm)": _pg_delta,
    "migra (PyPI)": _migra,
    "@pgkit/migra (npm)": _pgkit_migra,
    "Pyrseas (PyPI)": lambda: _python("Pyrseas"),
    "apgdiff (Debian)": _apgdiff,
    "pg-schema-diff (PyPI)": lambda: _python("pg-schema-diff"),
}


def judged(case: Case, name: str) -> str:
    """What is left between a database and the wanted one."""
    dumps = [
        CHOSEN.sub("", servers.pg_dump(case.server, each, "--schema-only", "--exclude-schema=schema_ledger"))
        for each in (name, case.new)
    ]
    left = difference(*dumps)
    report = engine.verify(connector(case.server, name), case.file)
    drift = len(report.missing) + len(report.different) + len(report.unexpected)
    if not left and not drift:
        return "no difference"
    return f"{len(left)} statements of pg_dump differ, verify() names {drift} objects"


def connector(server: Any, name: str) -> Callable[..., Any]:
    return lambda other=None: server.connect(other or name)


def line(tool: str, seconds: float | None, verdict: str) -> None:
    print(f"  {tool:<32} {'' if seconds is None else f'{seconds:.1f} s':>9}  {verdict}", flush=True)


def ours(case: Case) -> None:
    name = case.server.create_database(template=case.old)
    policy = Policy(prune=True, allow_hazards=("data_loss",), schemas=None)
    start = time.perf_counter()
    try:
        engine.converge(connector(case.server, name), case.file, policy)
    except engine.EngineError as error:
        line("domainflow.database", time.perf_counter() - start, f"FAILS: {error.message.splitlines()[0][:120]}")
        return
    took = time.perf_counter() - start
    line("domainflow.database", took, f"applied and proven (time includes both): {judged(case, name)}")
    case.server.drop_database(name)


def theirs(case: Case, tool: str, work: Callable[[Case], str]) -> None:
    start = 0.0
    try:
        INSTALL[tool]()  # not a part of the tool's time
        start = time.perf_counter()
        text = work(case)
    except Failed as failed:
        line(tool, time.perf_counter() - start if start else None, f"no plan: {failed}")
        return
    except OSError as error:
        line(tool, None, f"cannot be installed here: {error}")
        return
    took = time.perf_counter() - start
    name = case.server.create_database(template=case.old)
    done = servers.client(case.server, "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", name], text)
    if done.returncode:
        message = next((each for each in done.stderr.splitlines() if "ERROR" in each), done.stderr.strip()[:160])
        line(tool, took, f"its plan fails: {message.split('ERROR:')[-1].strip()[:120]}")
    else:
        line(tool, took, f"plan only; applied: {judged(case, name)}")
    case.server.drop_database(name)


def compare(title: str, server: Any, old: str, new: str) -> None:
    """``old`` and ``new`` are texts of SQL."""
    print(title, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "new.sql")
        file.write_text(new, encoding="utf-8")
        case = Case(server, server.create_database(), server.create_database(), file)
        servers.psql(server, case.old, old)
        servers.psql(server, case.new, new)
        ours(case)
        for tool, work in TOOLS.items():
            theirs(case, tool, work)
        for name in (case.old, case.new):
            server.drop_database(name)


def domainflow(server: Any) -> None:
    schema = (ROOT / "files" / "sql" / "schema.sql").read_text(encoding="utf-8")
    compare("DomainFlow, and the same with a dozen edits", server, schema, schema + EDITS)


def _versions(server: Any, title: str, old: large.Version, new: large.Version) -> None:
    compare(f"{title}: {old.tables} tables to {new.tables}", server, large.text(old), large.text(new))


CASES: dict[str, Callable[[Any], None]] = {
    "domainflow": domainflow,
    "small": lambda server: _versions(server, "generated, small", large.SMALL_OLD, large.SMALL_NEW),
    "large": lambda server: _versions(server, "generated, large", large.OLD, large.NEW),
}


def main(wanted: Sequence[str]) -> int:
    wanted = wanted or ["domainflow", "small"]
    if not set(wanted) <= set(CASES):
        print(__doc__, file=sys.stderr)
        return 2
    if shutil.which("java") is None or shutil.which("npm") is None:
        print("java and npm are needed for some of the tools; without them these count as not installed")
    server = servers.start_server(18, settings={"max_locks_per_transaction": "1024", "shared_buffers": "256MB"})
    try:
        for name in wanted:
            CASES[name](server)
    finally:
        server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
