// Aladin draws its WebGL in every frame of the page, moved or not. A sky at rest is drawn once a second instead, and not
// at all while it is out of sight: the processor of graphics is for others then, such as the explorer in the next cell.
//
// It wakes for what is moved by hand, for what asks to be drawn again, and while tiles come in.
const AWAKE = 1500; // ms after the last sign of life
const ASLEEP = 1000; // ms between two looks whether tiles have come
const FIRST = 12; // frames that are drawn in any case: a sky below the edge of the page is there when it is scrolled to

export class Rest {
  constructor(aladin) {
    const { view, aladinDiv } = aladin;
    Object.assign(this, { view, aladinDiv, until: performance.now() + 4 * AWAKE, last: 0, seen: true, drawn: 0 });
    this.draw = view.redrawClbk;
    view.redrawClbk = (time) => this.frame(time);
    this.wake = () => (this.until = performance.now() + AWAKE);
    this.types = ["pointermove", "pointerdown", "pointerup", "wheel", "keydown", "touchmove", "click"];
    for (const type of this.types) aladinDiv.addEventListener(type, this.wake, { capture: true, passive: true });
    this.sight = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      this.wake();
    });
    this.sight.observe(aladinDiv);
    this.sized = new ResizeObserver(this.wake);
    this.sized.observe(aladinDiv);
  }

  frame(time) {
    const { view } = this;
    const now = performance.now();
    if (view.needRedraw || view.moving || view.pan || view.dragging || Math.abs(view.zoomDelta ?? 0) > 1e-3) this.wake();
    const due = this.drawn < FIRST || (this.seen && (now < this.until || now - this.last >= ASLEEP));
    if (!due) return requestAnimationFrame(view.redrawClbk);
    this.last = now;
    this.drawn += 1;
    this.draw(time); // it asks for the next frame itself
    if (view.wasm.isRendering()) this.wake();
  }

  dispose() {
    for (const type of this.types) this.aladinDiv.removeEventListener(type, this.wake, { capture: true });
    this.sight.disconnect();
    this.sized.disconnect();
    this.view.redrawClbk = this.draw;
  }
}
