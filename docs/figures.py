"""The computed figures of the explanations: SVG in the colours of the page, from public names only.

``python docs/figures.py`` writes them beside their pages; a test compares what is there with what is computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skyexplorer import SkyRegion, samples

OUT = Path(__file__).parent / "explanation"
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 20, 52
BLUE, ORANGE, GREEN = "var(--skx-blue)", "var(--skx-orange)", "var(--skx-green)"
TEXT = 'fill="currentColor" font-size="15"'


class Axes:
    """A frame with two linear axes; x may run to the left, as right ascension does."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.x, self.y = x, y
        self.parts: list[str] = []

    def at(self, x: float, y: float) -> tuple[str, str]:
        """Pixels of a place."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            f"{LEFT + across * (WIDTH - LEFT - RIGHT):.1f}",
            f"{HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM):.1f}",
        )

    def line(self, points: Iterable[tuple[float, float]], color: str, more: str = "") -> None:
        """A line through places."""
        path = " ".join(",".join(self.at(*point)) for point in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2" {more}/>')

    def point(self, x: float, y: float, color: str) -> None:
        """A cross."""
        px, py = map(float, self.at(x, y))
        path = f"M{px - 6:.1f} {py:.1f}h12M{px:.1f} {py - 6:.1f}v12"
        self.parts.append(f'<path d="{path}" stroke="{color}" stroke-width="2.5"/>')

    def text(self, x: float, y: float, words: str, dx: float = 0, dy: float = 0, end: str = "start") -> None:
        """Words at a place, in the colour of the page's text."""
        px, py = map(float, self.at(x, y))
        self.parts.append(
            f'<text x="{px + dx:.1f}" y="{py + dy:.1f}" text-anchor="{end}" {TEXT}>{words}</text>'
        )

    def ticks(self, xs: Iterable[float], ys: Iterable[float], x_title: str, y_title: str) -> None:
        """The frame, with numbers at its lower and left edge."""
        (x0, y0), (x1, y1) = self.at(self.x[0], self.y[0]), self.at(self.x[1], self.y[1])
        self.parts.append(
            f'<path d="M{x0} {y1}V{y0}H{x1}" fill="none" stroke="currentColor" stroke-opacity="0.6"/>'
        )
        for x in xs:
            self.text(x, self.y[0], f"{x:g}", dy=20, end="middle")
        for y in ys:
            self.text(self.x[0], y, f"{y:g}", dx=-8, dy=5, end="end")
        self.parts.append(
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle" {TEXT}>{x_title}</text>'
        )
        middle = (TOP + HEIGHT - BOTTOM) / 2
        self.parts.append(
            f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle" {TEXT}>{y_title}</text>'
        )

    def svg(self, title: str) -> str:
        """All of it."""
        inside = "\n".join(self.parts)
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        return (
            f'<div class="skx-figure" tabindex="0">\n{head} aria-label="{title}">\n{inside}\n</svg>\n</div>\n'
        )


def credible() -> str:
    """Probability against area, searched from the densest cell of GW170817 down."""
    skymap = samples.open("GW170817").localization
    axes = Axes((0, 50), (0, 1))
    axes.ticks(range(0, 51, 10), (0, 0.5, 0.9, 1), "area searched, densest cells first (deg²)", "probability")
    areas = np.linspace(0.01, 50, 200)
    axes.line([(area, skymap.probability_within(area * u.deg**2)) for area in areas], BLUE)
    for level in (0.5, 0.9):
        area = float(skymap.credible_area(level).value)
        axes.line([(0, level), (area, level), (area, 0)], ORANGE, 'stroke-dasharray="5 4"')
        axes.text(area, level, f"{level:.0%} in {area:.1f} deg²", dx=10, dy=20)
    return axes.svg("Probability against area for GW170817: 50 % in 8.4 and 90 % in 27.9 square degrees")


def boxes() -> str:
    """The box and the four-quarter ellipse of IC191215A, and the source that no published contour has inside."""
    best, source = SkyCoord(285.87 * u.deg, 58.92 * u.deg), SkyCoord(284.70 * u.deg, 57.15 * u.deg)
    errors = (2.88, 3.19) * u.deg, (1.85, 2.25) * u.deg
    axes = Axes((290.5, 281), (56, 61.4))
    axes.ticks(range(282, 291, 2), range(56, 62), "right ascension (deg)", "declination (deg)")
    for region, color, name, place in (
        (SkyRegion.box(best, *errors), ORANGE, "box", (288.6, 60.77)),
        (SkyRegion.quarter_ellipse(best, *errors), BLUE, "four-quarter ellipse", (287.6, 59.2)),
    ):
        axes.line(region.outline(240)[0].tolist(), color)
        axes.text(*place, f"{name}, {region.area.value:.1f} deg²", dy=-8 if name == "box" else 0)
    axes.point(best.ra.deg, best.dec.deg, "currentColor")
    axes.text(best.ra.deg, best.dec.deg, "best fit", dx=10, dy=18)
    axes.point(source.ra.deg, source.dec.deg, GREEN)
    axes.text(source.ra.deg, source.dec.deg, "4FGL J1858.7+5708", dx=10, dy=-6)
    return axes.svg("IC191215A: 4FGL J1858.7+5708 lies inside the box and inside the ellipse")


FIGURES = {"credible": credible, "boxes": boxes}


def main() -> None:
    """Write all."""
    for name, make in FIGURES.items():
        (OUT / f"{name}.svg").write_text(make(), "utf-8")


if __name__ == "__main__":
    main()
