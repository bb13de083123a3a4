# Copyright (c) 2026 domainflow.database contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A KV version 2 secrets engine of HashiCorp Vault or OpenBao; each account is a secret of its own.

Writes use check-and-set: the server refuses one when the secret has another version than the one that was read.
Two paths of the HTTP interface are all that is needed, so no client library is.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from ....module_utils.credentials.errors import StoreConflict, StoreError
from ..records import Key, Record, as_dict, from_dict
from . import Change, Stored


class Kv2Store:
    """``path`` is the folder inside the engine that is mounted at ``mount``."""

    def __init__(
        self, url: str, token: str, mount: str, path: str, namespace: str | None, ca_cert: str | None, timeout: int
    ) -> None:
        if not url or not token:
            raise StoreError("store.type kv2 needs url and token", "Set them, or VAULT_ADDR and VAULT_TOKEN.")
        self._url = url.rstrip("/")
        self._mount = mount.strip("/")
        self._path = path.strip("/")
        self._headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace
        self._timeout = timeout
        self._opener = _opener(self._url, ca_cert)

    @property
    def place(self) -> str:
        return f"{self._url}, {self._mount}/{self._path}".rstrip("/")

    def read(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        return {key: self._read(key) for key in keys}

    def write(self, changes: Mapping[Key, Change]) -> dict[Key, Stored]:
        return {key: self._write(key, change) for key, change in changes.items()}

    def _read(self, key: Key) -> Stored:
        status, answer = self._call(key, "GET")
        data = answer.get("data") or {}
        version = (data.get("metadata") or {}).get("version")
        if status == 404:
            # Of a deleted secret there is still the number of its last version, and check-and-set wants it.
            return Stored(Record(), version)
        secret = data.get("data")
        owner = (secret.get("server"), secret.get("account")) if isinstance(secret, dict) else None
        if owner != (key.server, key.account):
            raise StoreError(
                f"The record of account {key.account} at {self._name(key)} belongs to another server or account",
                "Nothing was changed. Give each environment a store.path of its own.",
            )
        return Stored(from_dict(key, secret), version)

    def _write(self, key: Key, change: Change) -> Stored:
        secret = {**as_dict(change.record), "server": key.server, "account": key.account}
        status, answer = self._call(key, "POST", {"options": {"cas": int(change.expected or 0)}, "data": secret})
        if status == 404:
            raise StoreError(f"{self.place}: there is no KV version 2 secrets engine at {self._mount}")
        if status == 400 and any("check-and-set" in text for text in answer.get("errors") or []):
            raise StoreConflict(
                f"{self.place}: another run changed the record of {key.account} meanwhile", "Run again."
            )
        if status == 400:
            raise StoreError(f"{self.place} refuses to write the record of account {key.account}")
        return Stored(change.record, answer["data"]["version"])

    def _call(self, key: Key, method: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and answer. Errors are worded here: those of the library may quote what was sent."""
        failure: StoreError
        try:
            request = Request(  # noqa: S310 (the constructor has checked the address)
                f"{self._url}/v1/{self._mount}/data/{self._name(key)}",
                method=method,
                data=None if body is None else json.dumps(body).encode("utf-8"),
                headers=self._headers,
            )
            with self._opener.open(request, timeout=self._timeout) as response:
                return response.status, json.loads(response.read())
        except HTTPError as error:
            if error.code in (400, 404):
                return error.code, _json_of(error)
            failure = self._http_failure(key, error.code)
        except (URLError, OSError, ValueError) as error:
            failure = StoreError(
                f"{self.place} cannot be reached, or is no such server ({type(error).__name__})",
                "Check store.url, the certificate (store.ca_cert) and the network.",
            )
        raise failure

    def _http_failure(self, key: Key, status: int) -> StoreError:
        if status == 403:
            return StoreError(
                f"{self.place}: the token may not read and write the record of account {key.account}",
                f"It may have expired; its policy needs create, read and update on {self._mount}/data/{self._path}/*.",
            )
        if status == 503:
            return StoreError(f"{self.place} is sealed or down for maintenance", "Unseal it and run again.")
        if 300 <= status < 400:
            return StoreError(f"{self.place} is a standby node", "Set store.url to the active node's address.")
        return StoreError(f"{self.place} answers with the status {status} for account {key.account}")

    def _name(self, key: Key) -> str:
        parts = [self._path] if self._path else []
        return "/".join([*parts, *(_segment(part) for part in key.path)])


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


def _opener(url: str, ca_cert: str | None) -> OpenerDirector:
    """Made once: to load the system's certificates takes longer than a request."""
    if not url.startswith(("https://", "http://")):
        raise StoreError("store.url must begin with https:// (or http://)")
    if url.startswith("http://"):
        return build_opener(_NoRedirect)
    failure = None
    try:
        context = ssl.create_default_context(cafile=ca_cert)
    except (OSError, ssl.SSLError):
        failure = StoreError(f"store.ca_cert: {ca_cert} cannot be read, or holds no certificate")
    if failure is not None:
        raise failure
    return build_opener(_NoRedirect, HTTPSHandler(context=context))


def _segment(name: str) -> str:
    """``name`` as one part of a path, whatever it contains; the server would take a percent sign apart."""
    if set(name) == {"."}:
        return name.replace(".", "=2E")
    return re.sub(
        r"[^A-Za-z0-9@._-]", lambda found: "".join(f"={byte:02X}" for byte in found.group().encode("utf-8")), name
    )


def _json_of(error: HTTPError) -> dict[str, Any]:
    try:
        answer = json.loads(error.read())
    except (OSError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}
