"""Archives: which services can be asked and what each last answered; what the registry, the field and the images gave.

Nothing here asks the network: verbs do, and put what they found here with `Archives.show`. What a click of the panel set
going is remembered with `Archives.follow`: so a script and a panel see the same question, whether it is still asked, and its
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from skyexplorer.errors import InputError
from skyexplorer.session.selection import Selection
from skyexplorer.session.tools import Tools

if TYPE_CHECKING:
    from skyexplorer.model.ledger import Answer
    from skyexplorer.services.registry import Service

PLACES = ("view", "region")
FINDINGS = ("registry", "field", "images")


@dataclass(frozen=True)
class Finding:
    """What one kind of question gave, and the question."""

    result: Any = None
    """What the verb returned; None before the first answer."""
    question: Mapping[str, Any] = field(default_factory=dict)
    """The words of it, such as ``{"words": "blazar", "waveband": "gamma-ray"}``."""
    job: Any = None
    """The job that asks again, while it does, or that failed to; else None."""


class Archives:
    """What the archives panel shows.

    Parameters
    ----------
    selection : Selection
        Whose region can be asked about in place of the view.
    tools : Tools, optional
        Of which the panel offers those that draw a region to ask in; by default of its own.

    Examples
    --------
    >>> from skyexplorer.session.archives import Archives
    >>> from skyexplorer.session.selection import Selection
    >>> archives = Archives(Selection())
    >>> _ = archives.changed.connect(lambda what: print(what, "changed"))
    >>> archives.tool = "circle"
    tool changed
    >>> archives.within
    'view'
    """

    changed = Signal(str)
    """Tells what has changed: ``"services"``, ``"answers"``, ``"within"``, ``"tool"``, or one of ``FINDINGS``."""

    def __init__(self, selection: Selection, tools: Tools | None = None) -> None:
        self._selection = selection
        self._tools = Tools() if tools is None else tools
        self._within = "view"
        self._footprints, self._chosen = True, -1
        self._answers: dict[str, Answer] = {}
        self._jobs: dict[str, Any] = {}
        self._findings = {name: Finding() for name in FINDINGS}
        selection.region_changed.connect(self._region_changed)
        self._tools.changed.connect(self._tool_changed)

    @property
    def services(self) -> tuple[Service, ...]:
        """The services of the table, in its order; `reload` reads it again after a row was added."""
        from skyexplorer.services import registry

        return tuple(registry.services().values())

    def reload(self) -> None:
        """Tell that the table of services has changed."""
        self.changed.emit("services")

    @property
    def within(self) -> str:
        """What a click asks about: ``"view"``, the default, or ``"region"``, the selected one."""
        return self._within

    @within.setter
    def within(self, value: str) -> None:
        if value not in PLACES:
            raise InputError(f"within is {value!r}.", f"Give one of {', '.join(PLACES)}.")
        if value == "region" and self._selection.region is None:
            raise InputError(
                "No region is selected.", "Draw one on the sky, or sky.selection.choose_region(…)."
            )
        if value != self._within:
            self._within = value
            self.changed.emit("within")

    @property
    def region(self) -> Any:
        """The region a click asks about, or None for the view."""
        return self._selection.region if self._within == "region" else None

    @property
    def tool(self) -> str:
        """The tool in hand, as `Tools.tool`."""
        return self._tools.tool

    @tool.setter
    def tool(self, value: str) -> None:
        self._tools.tool = value

    def _tool_changed(self, what: str) -> None:
        if what == "tool":
            self.changed.emit("tool")

    @property
    def offline(self) -> bool:
        """Whether nothing is asked of the network, and only kept answers are given."""
        from skyexplorer import net

        return net.offline()

    @property
    def footprints(self) -> bool:
        """Whether the outlines of the images that were found are drawn; default True."""
        return self._footprints

    @footprints.setter
    def footprints(self, value: bool) -> None:
        if bool(value) != self._footprints:
            self._footprints = bool(value)
            self.changed.emit("images")

    @property
    def chosen(self) -> int:
        """Which of the images is marked; -1, the default, for none."""
        return self._chosen

    @chosen.setter
    def chosen(self, row: int) -> None:
        if int(row) != self._chosen:
            self._chosen = int(row)
            self.changed.emit("images")

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What each service answered last, by its id."""
        return MappingProxyType(self._answers)

    def heard(self, answers: Iterable[Answer]) -> None:
        """Keep what services answered, such as a ledger."""
        news = {answer.service: answer for answer in answers}
        if any(self._answers.get(name) is not answer for name, answer in news.items()):
            self._answers.update(news)
            self.changed.emit("answers")

    @property
    def asking(self) -> Mapping[str, Any]:
        """The last job of each service that was asked from the panel, by its id."""
        return MappingProxyType(self._jobs)

    def asked(self, service: str, job: Any) -> None:
        """Remember the job that asks a service."""
        self._jobs[service] = job
        self.changed.emit("answers")

    @property
    def jobs(self) -> list[Any]:
        """All jobs that are remembered here; some may have ended."""
        findings = [finding.job for finding in self._findings.values() if finding.job is not None]
        return [*self._jobs.values(), *findings]

    def finding(self, kind: str) -> Finding:
        """What the registry (``"registry"``), the field (``"field"``) or the images (``"images"``) last gave."""
        self._known(kind)
        return self._findings[kind]

    def follow(self, kind: str, job: Any, **question: Any) -> None:
        """A job asks this; what the one before it found stays until the new one is there."""
        self._known(kind)
        self._findings[kind] = Finding(self._findings[kind].result, question, job)
        self.changed.emit(kind)

    def show(self, kind: str, result: Any, **question: Any) -> None:
        """Put what was found on show.

        Parameters
        ----------
        kind : str
            One of ``FINDINGS``.
        result : object
            What the verb returns.
        **question
            What was asked; without it, that of the job before.
        """
        self._known(kind)
        old = self._findings[kind]
        if old.result is result and old.job is None:
            return
        self._findings[kind] = Finding(result, question or old.question)
        if kind == "images":
            self._chosen = -1
        self.changed.emit(kind)

    def _known(self, kind: str) -> None:
        if kind not in FINDINGS:
            raise InputError(f"There is no finding {kind!r}.", f"Give one of {', '.join(FINDINGS)}.")

    def _region_changed(self, region: Any, by: str) -> None:
        # A region that was just chosen is what one wants to ask about; without one there is only the view.
        self._within = "view" if region is None else "region"
        self.changed.emit("within")
