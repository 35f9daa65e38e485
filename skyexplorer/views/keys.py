"""Keys: what each does, told in the overlay that ``?`` opens; and what screen readers are told of the sky.

The keys themselves are heard in the browser (``frontend/src/panels/help.js``, ``frontend/src/sky/keys.js`` and the panels).
"""

from __future__ import annotations

from skyexplorer.session.text import _


def groups() -> list[dict[str, object]]:
    """Titles and rows of the overlay: keys, and what they do.

    Examples
    --------
    >>> from skyexplorer.views import keys
    >>> keys.groups()[0]["keys"][0]
    ['?', 'This list']
    """
    told = [
        (
            _("Anywhere in the explorer, but where text is typed"),
            [
                ("?", _("This list")),
                ("/", _("Go to a source, an event or coordinates")),
                ("1 2 3 4 5", _("The sky; what is beside it; the time; the plots; the table")),
                ("F", _("Filter the table")),
                ("Tab  Shift+Tab", _("The next control, the one before")),
                ("Esc", _("Leave a text box for the sky or the table; close a menu; leave full screen")),
            ],
        ),
        (
            _("The sky"),
            [
                ("← → ↑ ↓", _("Pan; with Shift farther")),
                ("+  −  0", _("Zoom in; out; half of the sky")),
                ("N  P", _("The next source from the centre outwards; the one before")),
                ("Enter", _("Choose it")),
            ],
        ),
        (
            _("Tools on the sky, and a region's handles"),
            [
                ("← → ↑ ↓", _("Move the cross or the handle; with Shift farther")),
                ("Space", _("Press: a centre, a corner, a point")),
                ("Enter", _("Close the shape")),
                ("Backspace", _("Take the last corner back")),
                ("Insert  Delete", _("A new corner after this handle; remove its corner")),
            ],
        ),
        (
            _("Light curve, histogram and scatter plot"),
            [
                ("← →", _("Choose a range, and move it")),
                ("↑ ↓", _("The same upwards, in the scatter plot: a box")),
                ("Shift+arrow", _("Move its end")),
                ("Esc", _("No range, no box")),
            ],
        ),
        (
            _("Strip of times"),
            [
                ("← →", _("One window earlier, later; on a handle: move it, with Shift farther")),
                ("Space", _("Play, pause")),
                ("+  −  0", _("Zoom in; out; all events")),
                ("Esc", _("All times")),
            ],
        ),
        (
            _("Tables, tabs, lines and menus"),
            [
                ("↑ ↓  Page↑ Page↓  Home End", _("From row to row")),
                ("Enter", _("Choose the row; on a column's head: sort")),
                ("← →", _("From tab to tab; on a line between panels: resize, Home as usual")),
                ("↑ ↓", _("From item to item of a menu")),
            ],
        ),
    ]
    return [{"title": title, "keys": [[key, text] for key, text in rows]} for title, rows in told]


def sky_texts() -> dict[str, object]:
    """What the sky is called where it has the keys, and Aladin's own controls that have no name of their own."""
    return {
        "look": _("The sky. Arrow keys pan, plus and minus zoom, N and P go through sources, Enter chooses"),
        "look_kind": _("sky map"),
        "look_none": _("No source near the centre"),
        "aladin_names": {
            ".aladin-cooFrame select, select.aladin-cooFrame": _("Frame of the coordinates shown"),
            ".aladin-location input": _("Coordinates of the centre; a position to go to"),
            ".aladin-zoom-in": _("Zoom in"),
            ".aladin-zoom-out": _("Zoom out"),
            ".aladin-projection-control button": _("Projection of the sky"),
            ".aladin-fullScreen-control, .aladin-fullScreen-control button": _("The sky on the whole screen"),
        },
    }
