"""Registry search: which services the Virtual Observatory has beside those of the table; and pictures of the sky."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from skyexplorer.errors import InputError
from skyexplorer.model.ledger import Answer, Ledger
from skyexplorer.services import hips, mocserver, registry, regtap
from skyexplorer.services.resource import ServiceFound
from skyexplorer.session.ledgers import asking
from skyexplorer.session.session import Session
from skyexplorer.session.text import _

if TYPE_CHECKING:
    from skyexplorer.model.region import SkyRegion

HIPS = "hips"
KINDS = (*regtap.KINDS, HIPS)


class ServicesFound(list[ServiceFound]):
    """Services that were found; each can be asked: ``sky.query_region(region, service=found[3])``.

    Parameters
    ----------
    found : iterable of ServiceFound
    ledger : Ledger
        Who was asked.
    note : str
        What was not asked as it was wanted.
    """

    def __init__(
        self, found: Iterable[ServiceFound] = (), ledger: Ledger | None = None, note: str = ""
    ) -> None:
        super().__init__(found)
        self.ledger = Ledger() if ledger is None else ledger
        self.note = note

    def to_table(self) -> Any:
        """The same as an astropy Table."""
        from astropy.table import Table

        names = ("number", "kind", "title", "wavebands", "short_name", "reference", "address", "ivoid")
        rows = [
            (
                i,
                one.kind,
                one.title,
                ", ".join(one.wavebands),
                one.short_name,
                one.reference,
                one.address,
                one.ivoid,
            )
            for i, one in enumerate(self)
        ]
        return Table(rows=rows, names=names) if rows else Table(names=names)

    def __repr__(self) -> str:
        lines = [f"{i:3d}  {one.kind:6} {one.title}" for i, one in enumerate(self[:40])]
        more = [f"… and {len(self) - 40} more"] if len(self) > 40 else []
        return "\n".join([f"<{len(self)} services>{f' {self.note}' * bool(self.note)}", *lines, *more])

    def _repr_html_(self) -> str:
        return str(self.to_table()._repr_html_())


@dataclass(frozen=True)
class Question:
    """What is looked for."""

    words: tuple[str, ...]
    waveband: str | None
    ucd: str | None
    region: SkyRegion | None
    kind: str | None
    deadline: float
    refresh: bool = False


def prepare(
    words: str | Iterable[str] = "",
    *,
    waveband: str | None = None,
    ucd: str | None = None,
    region: SkyRegion | None = None,
    kind: str | None = None,
    deadline: float = 30.0,
    refresh: bool = False,
) -> Question:
    """Make a question of what a user says; see `SkyExplorer.find_services`.

    Raises
    ------
    InputError
        For nothing to look for, or a kind or waveband that is none.
    """
    if kind is not None and kind not in KINDS:
        raise InputError(f"kind is {kind!r}.", f"Give one of {', '.join(KINDS)}.")
    if not deadline > 0:
        raise InputError(f"deadline is {deadline!r}.", "Give seconds, more than 0.")
    split = tuple(words.split()) if isinstance(words, str) else tuple(str(word) for word in words)
    if not (split or waveband or ucd or region is not None or kind == HIPS):
        raise InputError("Nothing was given to look for.", "Give words, a waveband, a UCD or a region.")
    if waveband and kind != HIPS:
        regtap.waveband_of(waveband)
    if kind == HIPS and ucd:
        raise InputError("Pictures of the sky have no columns.", "Leave ucd out.")
    return Question(split, waveband or None, ucd or None, region, kind, float(deadline), bool(refresh))


def ask_services(question: Question) -> ServicesFound:
    """Ask the registry, or MocServer for pictures of the sky.

    Raises
    ------
    ServiceError
        Of its kinds.
    """
    from skyexplorer.net import Web

    service = mocserver.SERVICE if question.kind == HIPS else regtap.SERVICE
    began = monotonic()
    with asking(service) as row, Web(service, question.deadline) as web:
        if question.kind == HIPS:
            found, overflow, note, reply = _surveys(question, web), False, "", None
        else:
            found, overflow, reply, note = regtap.ask(
                question.words, web=web, waveband=question.waveband, ucd=question.ucd, region=question.region,
                kind=question.kind, refresh=question.refresh,
            )  # fmt: skip
        facts = {"rows": len(found), "overflow": overflow}
        if reply is not None:
            facts |= {"address": reply.url, "cached_at": reply.cached_at}
        row.tell(**facts)
    state = "cached" if facts.get("cached_at") else "ok"
    answer = Answer(service, state, seconds=monotonic() - began, **facts)  # type: ignore[arg-type]
    return ServicesFound(found, Ledger([answer]), note)


def _surveys(question: Question, web: Any) -> list[ServiceFound]:
    made = hips.surveys(question.waveband or "", web=web, region=question.region, refresh=question.refresh)
    low = [word.lower() for word in question.words]
    return [
        ServiceFound(
            one.id,
            f"ivo://{one.id}",
            one.title,
            HIPS,
            one.address,
            description=one.facts.get("obs_description", ""),
            wavebands=(one.band,),
            reference=one.reference,
            licence=one.licence,
            capability=one.attribution,
        )
        for one in made
        if all(word in f"{one.id} {one.title} {one.facts.get('obs_description', '')}".lower() for word in low)
    ]


def show_services(session: Session, question: Question, found: ServicesFound) -> ServicesFound:
    """Put on show what was found; each can be asked by its id from now on."""
    registry.learn(one for one in found if one.kind != HIPS)
    session.archives.heard(found.ledger)
    asked = {
        "words": " ".join(question.words),
        "waveband": question.waveband or "",
        "ucd": question.ucd or "",
    }
    session.archives.show("registry", found, **asked)
    if found.note:
        session.notices.post(found.note, "warning")
    if not found:
        session.notices.post(_("No service was found: fewer words may find some."))
    return found
