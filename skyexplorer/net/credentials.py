"""Credentials of services: from the environment, or from the keyring where that is wished; never anywhere else.

``SKYEXPLORER_<ID>_TOKEN``, or ``SKYEXPLORER_<ID>_USER`` and ``_PASSWORD``, where ID is that of the service in capitals
and with ``_`` for what is neither letter nor digit: ``SKYEXPLORER_GAIA_DR3_USER``. With ``SKYEXPLORER_KEYRING=1`` the
keyring is asked for what the environment lacks: for ``keyring set skyexplorer:gaia-dr3 token``, or the password of
``_USER``. Not without it, since a locked keyring asks back in a window of its own, or never answers: so it is given two
seconds.
"""

from __future__ import annotations

import base64
import os
import re
import threading
import warnings
from typing import Any

from skyexplorer.errors import SkyExplorerWarning
from skyexplorer.net.deadline import YES

PATIENCE = 2.0  # s, for the keyring


class Login:
    """Credentials, as requests takes them: puts them into the header of a question. Shown, it is only their kind."""

    def __init__(self, kind: str, secret: str) -> None:
        self._kind, self._secret = kind, secret

    def __call__(self, request: Any) -> Any:
        """Put them into a question."""
        request.headers["Authorization"] = f"{self._kind} {self._secret}"
        return request

    def __repr__(self) -> str:
        return f"<Login: {self._kind} ***>"

    def __reduce__(self) -> Any:
        raise TypeError("Credentials are not written anywhere.")


def of(service: str) -> Login | None:
    """The credentials of a service; None where there are none.

    Parameters
    ----------
    service : str
        Its id.

    Examples
    --------
    >>> import os
    >>> from skyexplorer.net import credentials
    >>> os.environ["SKYEXPLORER_MY_ARCHIVE_TOKEN"] = "abc"
    >>> credentials.of("my-archive")
    <Login: Bearer ***>
    >>> del os.environ["SKYEXPLORER_MY_ARCHIVE_TOKEN"]
    >>> credentials.of("my-archive")
    """
    user = variable(service, "USER")
    token = variable(service, "TOKEN") or _ring(service, "token")
    if token:
        return Login("Bearer", token)
    password = variable(service, "PASSWORD") or (_ring(service, user) if user else "")
    if user and password:
        return Login("Basic", base64.b64encode(f"{user}:{password}".encode()).decode())
    return None


def variable(service: str, what: str) -> str:
    """The environment's value of ``what`` (TOKEN, USER, PASSWORD) for a service, without blanks around."""
    return os.environ.get(f"SKYEXPLORER_{re.sub('[^A-Z0-9]', '_', service.upper())}_{what}", "").strip()


def _ring(service: str, user: str) -> str:
    """What the keyring has, if it is to be asked and answers soon."""
    if os.environ.get("SKYEXPLORER_KEYRING", "").strip().lower() not in YES:
        return ""
    found: list[str] = []
    trouble: list[str] = []

    def ask() -> None:
        try:
            import keyring

            found.append(keyring.get_password(f"skyexplorer:{service}", user) or "")
        except Exception as error:  # noqa: BLE001
            trouble.append(
                type(error).__name__
            )  # each backend has its own; their texts might tell what they should not

    thread = threading.Thread(target=ask, daemon=True, name="skyexplorer: keyring")
    thread.start()
    thread.join(PATIENCE)
    if not found:
        warnings.warn(
            f"The keyring gave nothing for {service}: {trouble[0] if trouble else f'no answer in {PATIENCE:g} s'}.",
            SkyExplorerWarning, stacklevel=3,
        )  # fmt: skip
        return ""
    return found[0]
