"""Autosave: the steps as a script on disk, written anew at each step; and the explorer that such a script makes.

A kernel that was restarted knows nothing of its session; the script does. It holds what is recorded: the calls of
verbs, and clicks that are such calls. Where a step cannot be written, a comment stands in its place, and a notice
says so.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from skyexplorer.errors import InputError, NotFoundError, SkyExplorerError
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.session.session import Session


def usual_path() -> Path:
    """Where ``autosave=True`` writes; ``SKYEXPLORER_AUTOSAVE`` names another place."""
    import platformdirs

    named = os.environ.get("SKYEXPLORER_AUTOSAVE")
    return Path(named) if named else platformdirs.user_data_path("skyexplorer") / "autosave.py"


def before(path: Path) -> Path:
    """Where the script goes that stood at a path when an explorer began to write there."""
    return path.with_name(f"{path.stem}.before{path.suffix}")


_STEPS = re.compile(r"^(\w+ = )?sky\.\w+\(", re.MULTILINE)
_writers: WeakValueDictionary[Path, Autosave] = WeakValueDictionary()  # which one writes a path
_restoring: set[Path] = set()


class Autosave:
    """Writes the steps of a session.

    A script that stands at the path is moved aside, see `before`: it is what is left of the session before. Where
    another explorer of this process writes the path, a number is added to it.

    Parameters
    ----------
    session : Session
    path : str or Path, optional
        By default `usual_path`.

    Raises
    ------
    InputError
        For a path where nothing can be written.
    """

    def __init__(self, session: Session, path: str | Path | None = None) -> None:
        self.session = session
        self._wanted = (usual_path() if path is None else Path(path)).absolute()
        self._usual = path is None
        self._told = False
        try:
            self._wanted.parent.mkdir(parents=True, exist_ok=True)
            self._take()
        except OSError as error:
            raise InputError(f"{self._wanted} cannot be written: {error}.", "Give another path.") from error
        session.steps.added.connect(self._stepped)

    def _take(self) -> None:
        """Take a path that no other explorer writes; of an explorer that is restored, the one of its script."""
        self.path, number = self._wanted, 1
        restored_here = self.path in _restoring
        while not restored_here and _writers.get(self.path, self) is not self:
            number += 1
            self.path = self._wanted.with_name(f"{self._wanted.stem}_{number}{self._wanted.suffix}")
        _writers[self.path] = self
        if number > 1:
            self.session.notices.post(
                _("Another explorer saves its steps in {path}; this one saves them in {own}.").format(
                    path=self._wanted.name, own=self.path
                ),
                "info",
                self.code,
            )
        if not restored_here and self.path.is_file() and _has_steps(self.path.read_text("utf-8", "replace")):
            self.path.replace(before(self.path))

    @property
    def code(self) -> str:
        """The line that brings the steps back."""
        plain = self._usual and self.path == self._wanted
        return f"sky = SkyExplorer.restore({'' if plain else repr(str(self.path))})"

    def _stepped(self, step: Any) -> None:
        try:
            if _writers.get(self.path) is not self:  # an explorer that was restored has taken it over
                self._take()
            text = self.session.steps.to_source(leave_out=True)
            new = self.path.with_suffix(f".{os.getpid()}.new")
            new.write_text(text, encoding="utf-8")
            new.replace(self.path)
        except OSError as error:
            self._tell(
                _("The steps are no longer saved: {why}").format(why=error),
                _("{path} holds those before.").format(path=self.path),
            )
            return
        if step.trouble:
            self._tell(
                _("The step {verb} is not in the saved script: {why}").format(
                    verb=step.verb, why=step.trouble
                ),
                _("{path} holds the others.").format(path=self.path),
            )

    def _tell(self, text: str, advice: str) -> None:
        if not self._told:
            self._told = True
            self.session.notices.post(text, "warning", advice)


def _has_steps(text: str) -> bool:
    return _STEPS.search(text) is not None


def restored(path: str | Path | None) -> Any:
    """Run a script of steps, and return its explorer; see `SkyExplorer.restore`."""
    wanted = (usual_path() if path is None else Path(path)).absolute()
    text, script = _read(wanted), wanted
    if not _has_steps(text or ""):
        older = _read(before(wanted))
        if older is not None:
            text, script = older, before(wanted)
    if text is None:
        raise NotFoundError(f"There is no script {wanted}.", "Make one: SkyExplorer(autosave=True).")
    names: dict[str, Any] = {"__name__": "skyexplorer_restored"}
    _restoring.add(wanted)
    try:
        exec(compile(text, str(script), "exec"), names)
        sky = names["sky"]
    except BaseException as error:
        if script == wanted:
            script.write_text(
                text, encoding="utf-8"
            )  # the steps that were made again have begun to replace it
        if isinstance(error, SkyExplorerError) or not isinstance(error, Exception):
            raise
        if isinstance(error, KeyError) and "sky" not in names:
            raise InputError(
                f"{script} makes no explorer.", "Its first line is sky = SkyExplorer()."
            ) from error
        raise InputError(
            f"{script} cannot be run: {type(error).__name__}: {error}.", "Correct it, or begin anew."
        ) from error
    finally:
        _restoring.discard(wanted)
    if script != wanted:
        sky.session.notices.post(
            _("{path} has no steps: those of the session before were made again.").format(path=wanted.name),
            "info",
            str(script),
        )
    return sky


def _read(script: Path) -> str | None:
    try:
        return script.read_text(encoding="utf-8") if script.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{script} cannot be read: {error}.", "Give a script that autosave wrote."
        ) from error
