# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A YAML file encrypted with ansible-vault, one per environment, that ansible itself reads as variables.

Layout: ``domainflow_credentials: {<system identifier>: {databases: {<database>: {<table>: {<account>:
record}}}, roles: {<role>: record}, pairs: {<pair>: record}}}``. A write holds a lock on a file beside it,
compares the records that it replaces with those that were read, writes a temporary file in the same folder, syncs
it, renames it over the old one, syncs the folder and reads the result back. So a reader sees the old file or the
new one, never a half, and two controllers never overwrite each other's passwords.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from typing import Any, Iterator, Mapping, Sequence

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, is_encrypted, match_encrypt_secret

from ....module_utils.credentials.errors import StoreConflict, StoreError
from ..records import Key, Record, as_dict, from_dict
from . import Change, Stored

VARIABLE = "domainflow_credentials"
_TEMPLATE_MARKS = ("{{", "{%", "{#")
_LOCK_POLL = 0.05


class VaultFileStore:
    """``secrets`` are the vault secrets as ansible has them: (label, secret) pairs."""

    def __init__(
        self, path: str, secrets: Sequence[tuple[str, Any]], vault_id: str | None = None, lock_timeout: float = 60
    ) -> None:
        # A symbolic link stays one: what it points to is replaced.
        self._path = os.path.realpath(path)
        self._secrets = list(secrets)
        self._vault_id = vault_id
        self._lock_timeout = lock_timeout
        # What the file held when it was decrypted last, and its text and label.
        self._known: tuple[bytes, bytes, str] | None = None

    @property
    def place(self) -> str:
        return self._path

    def read(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        tree, _label = self._load()
        return {key: _stored(tree, key) for key in keys}

    def write(self, changes: Mapping[Key, Change]) -> dict[Key, Stored]:
        with self._system_errors(), self._locked():
            tree, label = self._load()
            moved = [key.account for key, change in changes.items() if _version(tree, key) != change.expected]
            if moved:
                raise StoreConflict(
                    f"{self._path}: another run changed the record of {', '.join(sorted(moved))} meanwhile",
                    "Run again.",
                )
            for key, change in changes.items():
                _put(tree, key, as_dict(change.record))
            written = self._save(tree, label)
            if self._read_raw() != written:
                raise StoreError(f"{self._path} holds something else than was written", "Check the file system.")
        return {key: _stored(tree, key) for key in changes}

    def _load(self) -> tuple[dict[str, Any], str | None]:
        """The tree of records, and the label of the secret that the file is encrypted with."""
        with self._system_errors():
            try:
                raw = self._read_raw()
            except FileNotFoundError:
                return {}, None
        if not is_encrypted(raw):
            raise StoreError(
                f"{self._path} is not encrypted with ansible-vault",
                "It was not touched. Name another file as store.path, or run ansible-vault encrypt on this one.",
            )
        text, label = self._decrypt(raw)
        data = _parsed(text)
        tree = data.get(VARIABLE) if isinstance(data, dict) else None
        if not isinstance(tree, dict) or set(data) != {VARIABLE}:
            raise StoreError(
                f"{self._path} is not a file of passwords: it must hold {VARIABLE} and nothing else",
                "It was not touched. Name another file as store.path.",
            )
        return tree, label

    def _read_raw(self) -> bytes:
        with open(self._path, "rb") as handle:
            return handle.read()

    def _decrypt(self, raw: bytes) -> tuple[bytes, str]:
        if self._known is not None and self._known[0] == raw:
            return self._known[1:]
        if not self._secrets:
            raise StoreError(
                f"{self._path}: no vault password is known",
                "Pass --vault-password-file or --vault-id, set ANSIBLE_VAULT_PASSWORD_FILE, or set "
                "store.vault_password_file.",
            )
        try:
            text, _used, secret = VaultLib(self._secrets).decrypt_and_get_vault_id(raw)
        except AnsibleError:
            text, secret = None, None
        if text is None:
            raise StoreError(
                f"{self._path} cannot be decrypted: the vault password is wrong, or the file is damaged",
                "Nothing was changed. Pass the vault password (or vault id) that the file was encrypted with.",
            )
        # The label in the file's header need not be that of the secret that opened it.
        label = next(label for label, known in self._secrets if known is secret)
        self._known = (raw, text, label)
        return text, label

    def _encryption_secret(self, label: str | None) -> tuple[str, Any]:
        wanted = label or self._vault_id
        try:
            found = match_encrypt_secret(self._secrets, encrypt_vault_id=wanted)
        except AnsibleError:
            found = None
        if found is None:
            raise StoreError(
                f"{self._path}: no vault password is known" + (f" with the label '{wanted}'" if wanted else ""),
                "Pass --vault-password-file or --vault-id, set ANSIBLE_VAULT_PASSWORD_FILE, or set "
                "store.vault_password_file.",
            )
        label_found, secret = found
        return str(label_found), secret

    def _save(self, tree: dict[str, Any], label: str | None) -> bytes:
        label, secret = self._encryption_secret(label)
        text = _as_text(tree).encode("utf-8")
        shown = None if label == "default" else label
        encrypted = bytes(VaultLib(self._secrets).encrypt(text, secret, vault_id=shown))
        folder, name = os.path.split(self._path)
        prefix = f".{name}."
        for left in os.listdir(folder):
            # Of a run that was killed while it wrote; the lock is held, so nobody is writing now.
            if left.startswith(prefix) and left.endswith(".tmp"):
                os.unlink(os.path.join(folder, left))
        handle, temporary = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=folder)
        try:
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(stream.fileno(), stat.S_IRUSR | stat.S_IWUSR)
                stream.write(encrypted)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self._path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        folder_handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder_handle)
        finally:
            os.close(folder_handle)
        self._known = (encrypted, text, label)
        return encrypted

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        folder, name = os.path.split(self._path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle = os.open(os.path.join(folder, f".{name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            deadline = time.monotonic() + self._lock_timeout
            while not _try_lock(handle):
                if time.monotonic() >= deadline:
                    raise StoreError(
                        f"{self._path}: another run has held the lock for {self._lock_timeout} seconds",
                        "Wait for it to end, or raise store.lock_timeout.",
                    )
                time.sleep(_LOCK_POLL)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _system_errors(self) -> Iterator[None]:
        failure = None
        try:
            yield
        except OSError as error:
            failure = StoreError(
                f"{self._path} cannot be used: {error.strerror or type(error).__name__}",
                "The user who runs ansible must be able to read and write the file and its folder.",
            )
        if failure is not None:
            raise failure


class _Unsafe(str):
    """Text that ansible must not take for a template."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # a base found at run time
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # a base found at run time
    pass


def _construct_unsafe(loader: _Loader, node: yaml.Node) -> _Unsafe:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.constructor.ConstructorError(None, None, "!unsafe stands before text only", node.start_mark)
    return _Unsafe(loader.construct_scalar(node))


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))
_Loader.add_constructor("!unsafe", _construct_unsafe)


def _parsed(text: bytes) -> Any:
    """The file's content; nothing where it is neither JSON nor YAML."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader with one more tag)
    except yaml.YAMLError:
        return None


def _as_text(tree: Mapping[str, Any]) -> str:
    text = json.dumps({VARIABLE: tree}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if text.isascii() and "\x7f" not in text and not any(mark in text for mark in _TEMPLATE_MARKS):
        return text
    made: str = yaml.dump({VARIABLE: tree}, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=4096)
    return made


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _find(tree: Mapping[str, Any], key: Key) -> Any:
    node: Any = tree
    for name in key.path:
        if not isinstance(node, Mapping) or name not in node:
            return None
        node = node[name]
    return node


def _put(tree: dict[str, Any], key: Key, data: dict[str, Any]) -> None:
    node = tree
    for name in key.path[:-1]:
        node = node.setdefault(name, {})
    node[key.path[-1]] = {name: _marked(value) for name, value in data.items()}


def _marked(value: Any) -> Any:
    if isinstance(value, str) and any(mark in value for mark in _TEMPLATE_MARKS):
        return _Unsafe(value)
    return value


def _version(tree: Mapping[str, Any], key: Key) -> str | None:
    data = _find(tree, key)
    if data is None:
        return None
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode("utf-8")).hexdigest()


def _stored(tree: Mapping[str, Any], key: Key) -> Stored:
    data = _find(tree, key)
    if data is None:
        return Stored(Record(), None)
    return Stored(from_dict(key, data), _version(tree, key))
