"""SkyCanvas: ipyaladin's widget with Aladin Lite on board, and layers drawn from synced state.

ipyaladin 0.8.1 loads Aladin Lite from a CDN and draws by messages that are lost when the page is
reloaded. This canvas keeps its Python side and its message channel, and changes three things:

- the browser module is our bundle (``views/static/sky.js``, by way of ``loader.js``), so nothing is fetched;
- what is drawn is a list of `Drawing` models, synced like any widget: a reloaded page, or a second
  view of the same canvas, paints the same sky from the same state;
- the queue of calls and the listeners, which ipyaladin keeps on the class, belong to the instance.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipyaladin
import ipywidgets
import numpy as np
import traitlets
from ipyaladin.utils.call_store import CallStore

from skyexplorer.errors import FrontEndError
from skyexplorer.model.image import Window
from skyexplorer.model.picture import Picture
from skyexplorer.model.tiles import TileSet
from skyexplorer.session.text import _
from skyexplorer.views.at_home import AtHome
from skyexplorer.views.keys import sky_texts
from skyexplorer.views.tool_texts import tool_texts

STATIC = Path(__file__).parent / "static"


def bundle(name: str) -> str:
    """Text of a built front-end file.

    Raises
    ------
    FrontEndError
        If the front end was not built, as in a checkout that was never installed.
    """
    path = STATIC / name
    if not path.is_file():
        raise FrontEndError(
            f"The front end is not built: {path} is missing.",
            "Run `make env` in the checkout, or `pip install .`, which builds it.",
        )
    return path.read_text(encoding="utf-8")


@functools.cache
def code() -> tuple[str, str]:
    """The module of the sky and its digest: read once a process, however many skies there are."""
    text = bundle("sky.js")
    return text, hashlib.sha256(text.encode()).hexdigest()


def packed_tiles(tiles: TileSet, *, opacity: float = 1.0) -> dict[str, Any]:
    """A tile set in the form that the front end takes (binary parts travel as buffers)."""
    return {
        "title": tiles.title,
        "max_order": tiles.max_order,
        "tile_width": tiles.tile_width,
        "format": tiles.format,
        "frame": tiles.frame,
        "moc": _coverage(tiles),
        "tiles": {f"{order}/{npix}": data for (order, npix), data in tiles.tiles.items()},
        "version": str(tiles.number),
        "opacity": opacity,
    }


def packed_picture(picture: Picture) -> dict[str, Any]:
    """A picture in the form that the front end takes."""
    return {
        "png": picture.png,
        "ra": np.ascontiguousarray(picture.ra, float).tobytes(),
        "dec": np.ascontiguousarray(picture.dec, float).tobytes(),
        "rows": picture.ra.shape[0] - 1,
        "columns": picture.ra.shape[1] - 1,
    }


def _coverage(tiles: TileSet) -> bytes:
    """FITS MOC of the tiles that exist, without which Aladin asks a server for the missing ones."""
    import io

    from mocpy import MOC

    cells = [npix for order, npix in tiles.tiles if order == tiles.max_order]
    moc = MOC.from_healpix_cells(
        np.array(cells, dtype=np.uint64),
        np.full(len(cells), tiles.max_order, np.uint8),
        max_depth=tiles.max_order,
    )
    out = io.BytesIO()
    moc.serialize(format="fits").writeto(out)
    return out.getvalue()


class Drawing(ipywidgets.Widget):
    """What is drawn of one layer: points, lines and an image, in drawing order of the canvas.

    Arrays travel as bytes (`packed`): ``ra`` and ``dec`` are float64 degrees, ``shown`` and ``marked`` one bit a row (no row
    is marked where it is empty), ``text`` the names. ``style`` says how each row looks, see `styling.style_of`.
    ``details`` are texts for the tooltip; without them it tells the coordinates.
    A stroke is a dictionary with ``ra``, ``dec`` (float64 vertices of all its lines), ``starts``
    (uint32, one more than there are lines), ``rows`` (uint32 row of each line, or None), ``width``,
    ``dash``, ``fill`` and ``alpha`` (0 to 1), ``halo``, ``min_px`` (smaller lines are left out) and
    ``reach`` (degrees of declination that its largest line spans).
    """

    name = traitlets.Unicode().tag(sync=True)
    visible = traitlets.Bool(True).tag(sync=True)
    opacity = traitlets.Float(1.0).tag(sync=True)
    color = traitlets.Unicode("#ffffff").tag(sync=True)
    shape = traitlets.Unicode("circle").tag(sync=True)
    size = traitlets.Float(10.0).tag(sync=True)
    ra = traitlets.Bytes(b"").tag(sync=True)
    dec = traitlets.Bytes(b"").tag(sync=True)
    shown = traitlets.Bytes(b"").tag(sync=True)
    marked = traitlets.Bytes(b"").tag(sync=True)
    text = traitlets.Dict({"names": b"", "starts": bytes(4)}).tag(sync=True)
    style = traitlets.Dict().tag(sync=True)
    details = traitlets.List(traitlets.Unicode()).tag(sync=True)
    strokes = traitlets.List(traitlets.Dict()).tag(sync=True)
    errors = traitlets.Bool(True, help="Whether the strokes are to have error ellipses.")
    tiles = traitlets.Dict().tag(sync=True)
    picture = traitlets.Dict(help="See `packed_picture`; nothing where it is empty.").tag(sync=True)
    window: Window | None = None
    """The part of a large image that is sent; None: all of it."""
    survey = traitlets.Dict(help="How an image survey is laid over the sky: address, add, blink.").tag(
        sync=True
    )


class SkyCanvas(AtHome, ipyaladin.Aladin):
    """An interactive Aladin view that works without a network.

    Parameters
    ----------
    surveys : mapping of str to TileSet
        Local image surveys by the name under which ``survey`` chooses them.
    survey : str
        The survey to start with; a name of ``surveys`` or a HiPS address.
    on_message : callable, optional
        Called as ``on_message(kind, content)`` for what the browser tells: ``"pick"``, ``"region"``,
        ``"survey_failed"`` and ``"failed"`` (frontend/src/sky/messages.js).
    **options
        As for `ipyaladin.Aladin`: ``target``, ``fov``, ``height``, …

    Raises
    ------
    FrontEndError
        If the front end was not built.
    """

    _ready = False

    _code = traitlets.Unicode(help="The module of the sky, which `loader.js` imports.").tag(sync=True)
    _code_digest = traitlets.Unicode(help="Of `_code`: it is imported once in a page.").tag(sync=True)
    _local_surveys = traitlets.Dict().tag(sync=True)
    _drawings = traitlets.List(traitlets.Instance(Drawing)).tag(sync=True, **ipywidgets.widget_serialization)
    _selected = traitlets.List(traitlets.Dict()).tag(sync=True)
    _grid = traitlets.Bool(False).tag(sync=True)
    _reads = traitlets.Bool(False, help="Whether the pointer is to be told: some layer has values.").tag(
        sync=True
    )
    _thumbnail = traitlets.Dict(
        help="The light curve of the row that was pointed at: layer, row, points."
    ).tag(sync=True)
    _readout = traitlets.Dict(help="What lies under the pointer of one view: view, turn, lines.").tag(
        sync=True
    )
    _tool = traitlets.Unicode("", help="What dragging does: `Tools.tool`.").tag(sync=True)
    _region = traitlets.Dict(
        help="The chosen region: shape, points, text, source, and the last message heard."
    ).tag(sync=True)
    _path = traitlets.List(help="Points that were measured between, degrees.").tag(sync=True)
    _inside = traitlets.Dict(help="Whether sources outside a region are hidden: text, same.").tag(sync=True)
    _look = traitlets.Dict(help="Where to look; `turn` counts the moves made in Python.").tag(sync=True)
    _legends = traitlets.List(traitlets.Dict(), help="See `legends.Legends`.").tag(sync=True)
    _texts = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        surveys: Mapping[str, TileSet],
        survey: str,
        on_message: Callable[[str, dict[str, Any]], None] | None = None,
        **options: Any,
    ) -> None:
        self._esm = bundle("loader.js")
        self._css = bundle("sky.css")
        # ipyaladin keeps these on the class, where two widgets would share them.
        self._call_store = _OnceStore()
        self.listener_callback: dict[str, Callable[..., None]] = {}
        self._on_message = on_message
        super().__init__(
            survey=survey,
            hips_list=[],
            log=False,
            show_simbad_pointer_control=False,
            show_layers_control=False,
            show_share_control=False,
            show_settings_control=False,
            show_context_menu=False,
            show_coo_grid_control=False,
            show_status_bar=False,
            show_fullscreen_control=True,
            show_reticle=False,
            show_projection_control=True,
            mode="dark",  # of Aladin's controls: the sky is dark in either theme
            **options,
        )
        # After super().__init__: ipyaladin takes unknown keywords for options of Aladin.
        self._code, self._code_digest = code()
        self._local_surveys = {name: packed_tiles(tiles) for name, tiles in surveys.items()}
        self._texts = {
            "choose": _("Several sources here: choose one"),
            **tool_texts(),
            **sky_texts(),
            "readout": _("Under the pointer"),
            "drawn": _("{n} of {total} drawn"),
            "drawn_here": _("{n} of about {total} here drawn"),
            "arrow": _("long arrow: {speed} mas/yr"),
            "flat": _("Plain map of the sky"),
            "no_webgl": _(
                "No WebGL 2 in this browser: a plain map, without surveys and images. All else works. "
                "`skyexplorer doctor` says what to do."
            ),
            "no_aladin": _(
                "The sky did not start in this browser: a plain map, without surveys and images. All else works. "
                "Reload the page to try again."
            ),
        }

    def open(self) -> None:
        """Tell the browser of it, but not before `ready`: all state goes in the first message then.

        That message is large, and changes that follow it at once can reach the page before it was worked off.
        """
        if self._ready:
            super().open()

    def ready(self) -> None:
        """All is set: the browser may hear of it."""
        self._ready = True
        self.open()

    def look(self, ra: float, dec: float, fov: float, *, move: bool = True) -> None:
        """Where the view is, in degrees; with ``move`` the browser goes there.

        ipyaladin's own ``target`` waits for an echo from the browser and swallows the next move where that does
        not come; this is one-way. It is kept up to date while the user pans too (``move=False``), so that a
        reloaded page opens at the place that was left.
        """
        turn = self._look.get("turn", 0) + bool(move)
        self._look = {"ra": float(ra), "dec": float(dec), "fov": float(fov), "turn": turn}

    def _handle_custom_message(self, widget: Any, message: dict[str, Any], buffers: Any) -> None:
        kind = message.get("event_type", "")
        if kind.startswith("skx:"):
            if self._on_message is not None:
                self._on_message(kind.removeprefix("skx:"), message)
            return
        super()._handle_custom_message(widget, message, buffers)


class _OnceStore(CallStore):
    """ipyaladin's queue of early calls, emptied when run: a reload must not replay them."""

    def run_all(self) -> None:
        calls = list(self.calls)
        self.calls: list[Any] = []
        for func, args, kwargs in calls:
            func(*args, **kwargs)
