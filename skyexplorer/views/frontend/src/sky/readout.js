// What lies under the pointer: its coordinates at once, and the values of the layers as soon as Python has told them.
//
// Python is told of at most eight places a second, and of none while it has not answered the last: a busy kernel is never
// given a queue to work off. A finger points by a tap.
import { MESSAGE } from "./messages.js";

const EVERY_MS = 125;
const PATIENCE_MS = 4000; // then the answer is taken for lost: the kernel was restarted, say

export class Readout {
  constructor(aladin, model, glass) {
    Object.assign(this, { aladin, model, glass, turn: 0, asked: null, wanted: null, last: 0 });
    this.id = crypto.randomUUID?.() ?? String(Math.random());
    this.target = aladin.view.catalogCanvas;
    this.box = document.createElement("div");
    this.box.className = "skx-readout";
    this.box.setAttribute("role", "status");
    this.box.setAttribute("aria-live", "off"); // it changes with each motion of the pointer
    this.box.setAttribute("aria-label", model.get("_texts").readout ?? "");
    this.place = document.createElement("div");
    this.place.className = "skx-readout-place";
    this.list = document.createElement("div"); // JupyterLab has a style of its own for definition lists
    this.list.className = "skx-readout-list";
    this.box.append(this.place, this.list);
    this.box.hidden = true;
    aladin.aladinDiv.append(this.box);
    this.listeners = [
      ["pointermove", (e) => e.pointerType !== "touch" && this.at(e)],
      ["pointerup", (e) => e.pointerType === "touch" && this.at(e)],
      ["wheel", () => this.again()],
      ["pointerleave", (e) => e.pointerType !== "touch" && this.leave()],
    ];
    for (const [type, fn] of this.listeners) this.target.addEventListener(type, fn, { capture: true });
    // The sky may change under a pointer that rests.
    this.again = () => {
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.pixel && this.read(...this.pixel), 150);
    };
    this.onAnswer = () => this.answered();
    this.onWanted = () => (model.get("_reads") ? this.again() : this.hide());
    model.on("change:_drawings", this.again);
    model.on("change:_readout", this.onAnswer);
    model.on("change:_reads", this.onWanted);
  }

  at(event) {
    const frame = this.target.getBoundingClientRect();
    this.read(event.clientX - frame.left, event.clientY - frame.top);
  }

  read(x, y) {
    this.pixel = [x, y];
    if (!this.model.get("_reads")) return;
    const place = this.glass.under(x, y);
    if (!place || !Number.isFinite(place[0])) return this.hide();
    this.place.textContent = sexagesimal(place);
    this.box.hidden = false;
    this.wanted = place;
    this.ask();
  }

  ask() {
    clearTimeout(this.waiting);
    if (!this.wanted) return;
    const now = performance.now();
    const pause = this.asked ? this.last + PATIENCE_MS - now : this.last + EVERY_MS - now;
    if (pause > 0) {
      this.waiting = setTimeout(() => this.ask(), pause);
      return;
    }
    const [ra, dec] = this.wanted;
    this.wanted = null;
    this.last = now;
    this.asked = ++this.turn;
    this.model.send({ event_type: MESSAGE.pointer, view: this.id, turn: this.turn, ra, dec });
  }

  answered() {
    const { view, turn, lines } = this.model.get("_readout");
    if (view !== this.id || turn !== this.asked) return; // another page's pointer, or an old one
    this.asked = null;
    this.list.replaceChildren(
      ...lines.flatMap(({ name, color, text }) => {
        const title = document.createElement("span");
        const mark = document.createElement("i");
        mark.style.background = color;
        title.append(mark, name);
        title.title = name;
        return [title, Object.assign(document.createElement("b"), { textContent: text })];
      }),
    );
    this.ask();
  }

  leave() {
    this.pixel = null;
    this.hide();
  }

  hide() {
    this.box.hidden = true;
    this.wanted = null;
    this.list.replaceChildren();
  }

  dispose() {
    clearTimeout(this.waiting);
    clearTimeout(this.resting);
    this.model.off("change:_drawings", this.again);
    for (const [type, fn] of this.listeners) this.target.removeEventListener(type, fn, { capture: true });
    this.model.off("change:_readout", this.onAnswer);
    this.model.off("change:_reads", this.onWanted);
    this.box.remove();
  }
}

// Hours and degrees, to a tenth of a second of time and a second of arc.
export function sexagesimal([ra, dec]) {
  const pad = (value) => String(value).padStart(2, "0");
  const tenths = Math.round((((ra % 360) + 360) % 360) * 2400) % 864000;
  const arc = Math.round(Math.abs(dec) * 3600);
  const [h, m, s] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  const sign = dec < 0 ? "−" : "+";
  return `${pad(h)}ʰ${pad(m)}ᵐ${s.toFixed(1).padStart(4, "0")}ˢ  ${sign}${pad(Math.floor(arc / 3600))}°${pad(Math.floor(arc / 60) % 60)}′${pad(arc % 60)}″`;
}
