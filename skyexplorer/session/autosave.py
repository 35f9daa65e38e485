"""Autosave: the steps as a script on disk, written anew at each step; and the explorer that such a script makes.

A kernel that was restarted knows nothing of its session; the script does. It holds what is recorded: the calls of
verbs, and clicks that are such calls. Where a step cannot be written, the script stays as it was before it, and a
notice says so.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import InputError, NotFoundError, RecordingError
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.session.session import Session


def usual_path() -> Path:
    """Where ``autosave=True`` writes; ``SKYEXPLORER_AUTOSAVE`` names another place."""
    import platformdirs

    named = os.environ.get("SKYEXPLORER_AUTOSAVE")
    return Path(named) if named else platformdirs.user_data_path("skyexplorer") / "autosave.py"


class Autosave:
    """Writes the steps of a session.

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
        self.path = usual_path() if path is None else Path(path)
        self.usual = path is None
        self._told = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path} cannot be written: {error}.", "Give another path.") from error
        session.steps.added.connect(self._stepped)

    @property
    def code(self) -> str:
        """The line that brings the steps back."""
        return f"sky = SkyExplorer.restore({'' if self.usual else repr(str(self.path))})"

    def _stepped(self, step: Any) -> None:
        try:
            text = self.session.steps.to_source()
            new = self.path.with_suffix(f".{os.getpid()}.new")
            new.write_text(text, encoding="utf-8")
            new.replace(self.path)
        except (RecordingError, OSError) as error:
            if not self._told:
                self._told = True
                self.session.notices.post(
                    _("The steps are no longer saved: {why}").format(why=error),
                    "warning",
                    _("{path} holds those before.").format(path=self.path),
                )


def restored(path: str | Path | None) -> Any:
    """Run a script of steps, and return its explorer; see `SkyExplorer.restore`."""
    script = usual_path() if path is None else Path(path)
    if not script.is_file():
        raise NotFoundError(f"There is no script {script}.", "Make one: SkyExplorer(autosave=True).")
    names: dict[str, Any] = {"__name__": "skyexplorer_restored"}
    text = script.read_text(encoding="utf-8")
    try:
        exec(compile(text, str(script), "exec"), names)
    except BaseException:
        script.write_text(text, encoding="utf-8")  # the steps that were made again have begun to replace it
        raise
    return names["sky"]
