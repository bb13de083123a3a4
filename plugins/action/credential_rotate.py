# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of credential_rotate: owns passwords and their store, asks the managed host for hashes."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.parsing.vault import VaultSecretsContext, get_file_vault_secret
from ansible.plugins.action import ActionBase

from ansible_collections.domainflow.database.plugins.module_utils.argspec import CONNECTION
from ansible_collections.domainflow.database.plugins.module_utils.credentials import errors
from ansible_collections.domainflow.database.plugins.module_utils.credentials.exchange import answer as answer_here
from ansible_collections.domainflow.database.plugins.module_utils.credentials.options import SPEC
from ansible_collections.domainflow.database.plugins.module_utils.credentials.seal import new_key, unseal
from ansible_collections.domainflow.database.plugins.module_utils.errors import EngineError
from ansible_collections.domainflow.database.plugins.module_utils.module_main import describe, describe_unforeseen
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.decide import Rule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.generate import DEFAULT_ALPHABET, Recipe
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.report import failed
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.rotation import rotate
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.steps import Account, Job, PairRule
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores import Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.given import GivenStore
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2 import Kv2Store
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.kv2_login import log_in
from ansible_collections.domainflow.database.plugins.plugin_utils.credentials.stores.vault_file import VaultFileStore

MODULE = "domainflow.database.credential_rotate"

# Errors of the managed host that the rotation acts upon; they arrive by name.
_KNOWN = {kind.__name__: kind for kind in (errors.AccountChanged, errors.AccountProblem, errors.Unverified)}


class ActionModule(ActionBase):
    """Validates the options, builds server, store and job, and hands them to ``rotate``."""

    _supports_async = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        accounts: list[tuple[str, str]] = []
        try:
            options = self._options()
            accounts = [(account["name"], account["kind"]) for account in options["accounts"]]
            job = _job(options, self._task.check_mode)
            server = _ManagedHost(self, options, task_vars or {})
            result.update(rotate(server, self._store(options, task_vars or {}), job))
        except EngineError as error:
            result.update({"accounts": failed(accounts), **describe(error)}, failed=True)
        except AnsibleConnectionFailure:
            # The host is down, as it is for any other task; what was written as pending is there for the next run.
            raise
        except Exception:  # any other exception's text could hold a secret
            result.update({"accounts": failed(accounts), **describe_unforeseen(*sys.exc_info()[1:])}, failed=True)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _options(self) -> dict[str, Any]:
        given = _secrets(self._task.args)
        message = None
        try:
            validated: tuple[Any, dict[str, Any]] = self.validate_argument_spec(SPEC)
            # Ansible's values remember where they come from; a store that serializes them wants plain ones.
            options = json.loads(json.dumps(validated[1]))
        except AnsibleError as error:
            message = str(error)
        if message is not None:
            raise EngineError("The task's options are not valid" if any(text in message for text in given) else message)
        missing = [name for name in ("accounts", "store") if not options.get(name)]
        if missing:
            raise EngineError(f"missing required arguments: {', '.join(missing)}")
        if options.get("exchange"):
            raise EngineError("The option exchange is not for use in playbooks")
        return options

    def _store(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Store:
        store = options["store"]
        if store["type"] == "given":
            return _given_store(options, self._task.check_mode)
        if store["type"] == "kv2":
            server = {
                "url": store["url"] or os.environ.get("VAULT_ADDR", ""),
                "namespace": store["namespace"] or os.environ.get("VAULT_NAMESPACE"),
                "ca_cert": store["ca_cert"] or os.environ.get("VAULT_CACERT"),
                "timeout": store["timeout"],
            }
            token = store["token"] or ""
            if store["auth"] and not token:
                token = log_in(store["auth"], server, task_vars)
            token = token or os.environ.get("VAULT_TOKEN", "")
            return Kv2Store(token=token, mount=store["mount"], path=store["path"] or "", **server)
        if not store["path"]:
            raise EngineError("store.path is required for a vault_file")
        path = self._loader.path_dwim(os.path.expanduser(store["path"]))
        return VaultFileStore(path, self._vault_secrets(store), store["vault_id"], store["lock_timeout"])

    def _vault_secrets(self, store: Mapping[str, Any]) -> list[tuple[str, Any]]:
        label = store["vault_id"] or "default"
        if not store["vault_password_file"]:
            context = VaultSecretsContext.current(optional=True)
            return list(context.secrets) if context else []
        path = self._loader.path_dwim(os.path.expanduser(store["vault_password_file"]))
        secret = None
        try:
            secret = get_file_vault_secret(filename=path, vault_id=label, loader=self._loader)
            secret.load()
        except AnsibleError:
            secret = None
        if secret is None:
            raise errors.StoreError(f"store.vault_password_file: {path} cannot be read, or is empty")
        return [(label, secret)]


class _ManagedHost:
    """Asks the module on the managed host; what goes and comes is sealed or in ``no_log`` options."""

    def __init__(self, action: ActionBase, options: Mapping[str, Any], task_vars: dict[str, Any]) -> None:
        self._action = action
        self._connection = {name: options[name] for name in CONNECTION if options.get(name) is not None}
        self._task_vars = task_vars

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        key = new_key()
        text = json.dumps({**request, "key": key})
        arguments = {**self._connection, "exchange": base64.b64encode(text.encode("utf-8")).decode("ascii")}
        if _is_here(self._action, self._task_vars):
            answer = _answer_here(arguments, self._action._task.check_mode)
        else:
            answer = self._action._execute_module(module_name=MODULE, module_args=arguments, task_vars=self._task_vars)
        if "sealed" in answer and not answer.get("failed"):
            return unseal(answer["sealed"], key)
        kind = _KNOWN.get(answer.get("error", ""), EngineError)
        if "error" not in answer:
            raise _broken(answer)
        details = {name: answer[name] for name in ("accounts_concerned", "cause", "server_said") if name in answer}
        hint = answer.get("hint")
        message = str(answer.get("msg", ""))
        if hint and message.endswith(hint):
            message = message[: -len(hint)].rstrip("\n")
        raise kind(message, hint, details)


def _is_here(action: ActionBase, task_vars: Mapping[str, Any]) -> bool:
    """Whether the module would be run by this very Python, on this machine, as this user.

    Then it is called instead: to start a process costs several times what a rotation without anything to do needs.
    """
    task, connection = action._task, action._connection
    if connection.transport != "local" or connection.become is not None or task.delegate_to or any(task.environment):
        return False
    interpreter = task_vars.get("ansible_python_interpreter")
    return bool(interpreter) and _is_this_python(str(action._templar.template(interpreter)))


def _is_this_python(interpreter: str) -> bool:
    """Whether that is what this process was started as, by whatever links it is named.

    The program's own links are not followed: those of two virtual environments lead to one program, and it is the
    folder that it was started from, and the one above, that tell Python which packages it has.
    """

    def home(path: str) -> tuple[str, str, str]:
        folder = os.path.dirname(path)
        return os.path.realpath(folder), os.path.realpath(os.path.dirname(folder)), os.path.realpath(path)

    return os.path.isabs(interpreter) and home(interpreter) == home(sys.executable)


def _answer_here(arguments: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """What the module would answer."""
    try:
        return answer_here({**dict.fromkeys(CONNECTION), **arguments}, check_mode, ())
    except EngineError as error:
        return {**describe(error), "failed": True}
    except Exception:  # any other exception's text could hold a secret
        return {**describe_unforeseen(*sys.exc_info()[1:]), "failed": True}


def _broken(answer: Mapping[str, Any]) -> EngineError:
    """The module did not get as far as to end by itself: unreachable host, no Python, a killed process."""
    if answer.get("unreachable"):
        return EngineError("The managed host cannot be reached", details={"unreachable": True})
    return EngineError(
        f"The module ended without an answer on the managed host (return code {answer.get('rc', 'unknown')})",
        "Run again: the next run finds out what the database holds and goes on from there.",
    )


def _given_store(options: Mapping[str, Any], check_mode: bool) -> GivenStore:
    passwords = {account["name"]: account["password"] for account in options["accounts"] if account.get("password")}
    without = [account["name"] for account in options["accounts"] if not account.get("password")]
    if without and not check_mode:
        raise EngineError(
            f"store.type is given, but no password was given for {', '.join(without)}",
            "A generated password would be kept nowhere. Set accounts[].password, or use another store.",
        )
    if not check_mode and any(account["kind"] == "pair" for account in options["accounts"]):
        raise EngineError(
            "store.type given does not go with a pair of login roles: nothing remembers which one is active",
            "Use another store for pairs.",
        )
    if options["policy"] in ("always", "max_age"):
        raise EngineError(f"store.type given does not go with the policy {options['policy']}")
    return GivenStore(passwords)


def _job(options: Mapping[str, Any], check_mode: bool) -> Job:
    accounts = tuple(
        Account(
            account["name"],
            account["kind"],
            tuple(account["default_passwords"]),
            account.get("password"),
            tuple(account.get("members") or ()),
            (account.get("owner") or account["name"]) if account["kind"] == "pair" else None,
        )
        for account in options["accounts"]
    )
    generate = options.get("generate") or {}
    defaults = Recipe()
    return Job(
        accounts=accounts,
        table=options.get("table"),
        rule=Rule(options["policy"], options["max_age"], options["adopt"]),
        recipe=Recipe(
            generate.get("length") or defaults.length,
            generate.get("alphabet") or DEFAULT_ALPHABET,
            bool(generate.get("avoid_lookalikes")),
        ),
        history=options["history"],
        bcrypt_cost=_between(options, "bcrypt_cost", 4, 31),
        scram_iterations=_between(options, "scram_iterations", 4096, 10_000_000),
        login=_login(options),
        ignore_missing=options["missing"] == "ignore",
        pairs=PairRule(**options["pairs"]) if options.get("pairs") else PairRule(),
        check=check_mode,
    )


def _login(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where the managed host proves a login role's new password; none where that is switched off."""
    login = options.get("verify_login") or {"enabled": True, "host": None, "port": None, "tls": True}
    if not login["enabled"]:
        return None
    host = login["host"] or options.get("login_host") or ""
    # A folder with the socket, or no host at all: the server is on the managed host itself.
    if not host or host.startswith(("/", "@")):
        host = "localhost"
    return {"host": host, "port": login["port"] or options["login_port"], "tls": login["tls"]}


def _between(options: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = int(options[name])
    if not low <= value <= high:
        raise EngineError(f"{name} is {value}; it must be between {low} and {high}")
    return value


def _secrets(options: Any, name: str = "") -> list[str]:
    """Every secret among the task's options, wherever it stands."""
    if isinstance(options, Mapping):
        # Of store.auth, everything may be secret.
        return [
            text for key, value in options.items() for text in _secrets(value, name if name == "auth" else str(key))
        ]
    if isinstance(options, (list, tuple)):
        return [text for value in options for text in _secrets(value, name)]
    secret = name in ("login_password", "password", "default_passwords", "token", "auth")
    return [str(options)] if secret and options else []
