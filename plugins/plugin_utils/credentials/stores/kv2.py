# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A KV version 2 secrets engine of HashiCorp Vault or OpenBao; each account is a secret of its own.

Writes use check-and-set: the server refuses a write when the secret has another version than the one that was read.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence
from urllib.parse import quote

from ....module_utils.credentials.errors import StoreConflict, StoreError
from ..records import Key, Record, as_dict, from_dict
from . import Change, Stored

try:
    import hvac
    import hvac.exceptions
    import requests

    CLIENT_PRESENT = True
except ImportError:
    CLIENT_PRESENT = False


class Kv2Store:
    """``path`` is the folder inside the engine that is mounted at ``mount``."""

    def __init__(
        self, url: str, token: str, mount: str, path: str, namespace: str | None, ca_cert: str | None, timeout: int
    ) -> None:
        if not CLIENT_PRESENT:
            raise StoreError("store.type kv2 needs the Python package hvac on the controller", "pip install hvac")
        if not url or not token:
            raise StoreError("store.type kv2 needs url and token", "Set them, or VAULT_ADDR and VAULT_TOKEN.")
        self._url, self._mount, self._path = url, mount, path.strip("/")
        verify: bool | str = ca_cert if ca_cert else True
        self._client = hvac.Client(url=url, token=token, namespace=namespace, verify=verify, timeout=timeout)

    @property
    def place(self) -> str:
        return f"{self._url}, {self._mount}/{self._path}"

    def read(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        return {key: self._read(key) for key in keys}

    def write(self, changes: Mapping[Key, Change]) -> dict[Key, Stored]:
        return {key: self._write(key, change) for key, change in changes.items()}

    def _read(self, key: Key) -> Stored:
        answer = self._call(key, self._client.secrets.kv.v2.read_secret_version, raise_on_deleted_version=False)
        if answer is None:
            return Stored(Record(), None)
        version = int(answer["data"]["metadata"]["version"])
        data = answer["data"]["data"]
        if data is None:
            # Deleted by somebody: a new version may follow, and check-and-set wants the number of the last one.
            return Stored(Record(), version)
        if data.get("server") != key.server or data.get("account") != key.account:
            raise StoreError(
                f"The store's record of {key.account} at {self._name(key)} belongs to another server or account",
                "Nothing was changed. Give each environment a store.path of its own.",
            )
        return Stored(from_dict(key, data), version)

    def _write(self, key: Key, change: Change) -> Stored:
        secret = {**as_dict(change.record), "server": key.server, "account": key.account}
        answer = self._call(
            key, self._client.secrets.kv.v2.create_or_update_secret, secret=secret, cas=int(change.expected or 0)
        )
        if answer is None:
            raise StoreError(f"{self.place}: there is no KV version 2 secrets engine at {self._mount}")
        return Stored(change.record, int(answer["data"]["version"]))

    def _call(self, key: Key, function: Any, **arguments: Any) -> Any:
        """The answer; ``None`` where there is nothing. Errors are worded anew, since theirs may quote a secret."""
        failure: StoreError
        try:
            return function(path=self._name(key), mount_point=self._mount, **arguments)
        except hvac.exceptions.InvalidPath:
            return None
        except hvac.exceptions.InvalidRequest as error:
            if "check-and-set" in str(error):
                failure = StoreConflict(f"{self.place}: another run changed the record of {key.account} meanwhile")
            else:
                failure = StoreError(f"{self.place} refuses the request for account {key.account}")
        except hvac.exceptions.Forbidden:
            failure = StoreError(
                f"{self.place}: the token may not read and write the record of account {key.account}",
                f"Its policy needs create, read and update on {self._mount}/data/{self._path}/*.",
            )
        except hvac.exceptions.VaultError as error:
            failure = StoreError(f"{self.place} answers with {type(error).__name__} for account {key.account}")
        except requests.exceptions.RequestException as error:
            failure = StoreError(f"{self.place} cannot be reached ({type(error).__name__})")
        raise failure

    def _name(self, key: Key) -> str:
        parts = [self._path] if self._path else []
        return "/".join(parts + [quote(part, safe="@._-~") for part in key.path])
