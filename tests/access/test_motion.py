"""Who wants no motion sees none: nothing of ours moves by itself, or slides from one look to the next."""

from __future__ import annotations

from tests.browser.lab import Notebook

MOVING = """() => [...document.querySelectorAll(".skx-root, .skx-root *")].flatMap((el) =>
  [null, "::before", "::after"].filter((part) => {
    const { transitionDuration, animationName, animationDuration, scrollBehavior } = getComputedStyle(el, part);
    const slides = transitionDuration.split(",").some((time) => parseFloat(time) > 0);
    return slides || (animationName !== "none" && parseFloat(animationDuration) > 0) || scrollBehavior === "smooth";
  }).map((part) => `${el.className} ${part ?? ""}`))"""


def test_nothing_moves_by_itself(book: Notebook) -> None:
    page = book.page
    page.emulate_media(reduced_motion="reduce")
    try:
        assert [name for name in page.evaluate(MOVING) if "bk-" not in name] == []
        # Going somewhere is a jump: the place is reached in the next frame that is drawn.
        book.run("sky.goto('266.4 -29.0', fov=20)")
        page.wait_for_function(
            """() => { const [ra, dec] = document.querySelector('.skx-sky').aladin.getRaDec();
                return Math.abs(ra - 266.4) < 1e-3 && Math.abs(dec + 29) < 1e-3; }"""
        )
    finally:
        page.emulate_media(reduced_motion="no-preference")
