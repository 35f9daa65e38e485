"""Visible texts of the tools on the sky."""

from __future__ import annotations

from skyexplorer.session.text import _


def tool_texts() -> dict[str, str]:
    """By the keys that the front end asks for (``frontend/src/sky/region.js`` and beside it)."""
    keys = _("Keys: arrows, Space, Enter; Esc ends.")
    return {
        "tools": _("Tools on the sky"),
        "tool_hand": _("Move the sky and choose sources"),
        "tool_circle": _("Circle"),
        "tool_box": _("Box along right ascension and declination"),
        "tool_polygon": _("Polygon"),
        "tool_lasso": _("Lasso"),
        "tool_measure": _("Measure distance and position angle"),
        "tool_clear": _("Clear region and measurement"),
        "draw_circle": _(
            "Drag from the centre outwards. Keys: arrows, Space for the centre, Enter for the edge; Esc ends."
        ),
        "draw_box": _("Drag from corner to corner.") + " " + keys,
        "draw_polygon": _(
            "Click the corners, double-click to close, or draw a line around. Keys: arrows, Space, Enter; Esc ends."
        ),
        "draw_lasso": _("Draw a line around.") + " " + keys,
        "draw_measure": _(
            "Drag or click from point to point; double-click to end. Keys: arrows, Space, Enter; Esc clears."
        ),
        "handles": _("Handles of the region"),
        "handle_center": _("Centre: moves the region; arrow keys, with Shift farther"),
        "handle_edge": _("Edge of the circle; arrow keys, with Shift farther"),
        "handle_corner": _("Corner {number}; arrow keys, Insert adds one, Delete removes it"),
        "handle_middle": _("A new corner after corner {number}"),
        "region": _("What to do with the region"),
        "select": _("Select sources"),
        "select_long": _("Select the sources inside"),
        "filter": _("Filter"),
        "filter_long": _("Show only the catalogue sources inside"),
        "ask": _("Ask archives"),
        "ask_long": _("Ask archives about the region"),
        "layer": _("Save as layer"),
        "layer_long": _("Save the region as a layer"),
        "copy": _("Copy Python"),
        "copy_long": _("Copy the region as Python source"),
        "remove_region": _("Remove the region"),
        "inside_off": _("Show sources outside the region again"),
    }
