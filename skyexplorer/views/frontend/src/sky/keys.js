// The sky by keys: arrows pan, + and - zoom, Enter chooses what is next to the centre, n and p go to the one after.
//
// One stop of the Tab key, before the controls that lie on the sky. What would be chosen is told where the pointer's tip
// would be, and to screen readers; it is looked up when a key was pressed, never in a frame.
import { keep } from "../shield.js";
import { MESSAGE } from "./messages.js";

const STEP = 0.1; // of the smaller side of the view; with Shift five times as far
const ZOOM = 0.7;
const REACH = 0.45; // of the smaller side: how far from the centre something may be, to be meant
const WIDEST = 180; // degrees
const MOST = 50; // that n and p go through
const HAND = ["wheel", "pointerdown"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class SkyKeys {
  // `sky` is what the keys move: see `aladinSky` below, and flat.js.
  constructor(frame, model, sky) {
    Object.assign(this, { model, sky, at: 0, found: [] });
    const texts = model.get("_texts");
    this.pad = document.createElement("div");
    this.pad.className = "skx-look";
    this.pad.tabIndex = 0;
    this.pad.setAttribute("role", "application");
    this.pad.setAttribute("aria-label", texts.look);
    this.pad.setAttribute("aria-roledescription", texts.look_kind);
    this.said = document.createElement("p");
    this.said.className = "skx-said";
    this.said.setAttribute("role", "status");
    frame.prepend(this.pad, this.said);
    this.onKey = (event) => this.key(event);
    this.onBlur = () => this.forget();
    let { turn } = model.get("_look");
    this.onLook = () => {
      if (model.get("_look").turn === turn) return; // our own pan, come back
      turn = model.get("_look").turn;
      this.forget();
    };
    // Beside a toolbar all of the explorer is shielded, and has keys of its own; a further view is alone in its root.
    this.onOther = (event) => frame.closest(".skx-root")?.querySelector(".skx-toolbar") || keep(event);
    // Moved by hand: what was near is elsewhere.
    this.onHand = () => this.found.length && this.forget();
    this.frame = frame;
    frame.addEventListener("keydown", this.onOther);
    for (const type of HAND) frame.addEventListener(type, this.onHand, { capture: true, passive: true });
    this.pad.addEventListener("keydown", this.onKey);
    this.pad.addEventListener("blur", this.onBlur);
    model.on("change:_look", this.onLook);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (key in ARROWS) this.pan(ARROWS[key], event.shiftKey ? 5 * STEP : STEP);
    else if (key === "+" || key === "=") this.zoom(ZOOM);
    else if (key === "-" || key === "_") this.zoom(1 / ZOOM);
    else if (key === "0") this.sky.zoom(WIDEST), this.look();
    else if (key === "n" || key === "p") this.step(key === "n" ? 1 : -1);
    else if (key === "Enter" || key === " ") this.choose();
    else if (key === "Escape" && this.found.length) this.forget();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  pan([dx, dy], share) {
    const [width, height] = this.sky.size();
    const by = share * Math.min(width, height);
    this.sky.center(width / 2 + dx * by, height / 2 + dy * by);
    this.look();
  }

  zoom(factor) {
    this.sky.zoom(Math.min(WIDEST, this.sky.fov() * factor));
    this.look();
  }

  // What is near the centre is looked up once the sky has been drawn there.
  look() {
    this.forget();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.step(0), 120);
  }

  forget() {
    this.found = [];
    this.at = 0;
    this.sky.point(null);
  }

  near() {
    const [width, height] = this.sky.size();
    return this.sky.near(width / 2, height / 2, REACH * Math.min(width, height)).slice(0, MOST);
  }

  // Tell the one that Enter would choose: the nearest, or the next or previous one by distance from the centre.
  step(way) {
    if (document.activeElement !== this.pad) return;
    const fresh = !this.found.length;
    if (fresh) this.found = this.near();
    const n = this.found.length;
    this.at = fresh ? 0 : (this.at + way + n) % n;
    this.sky.point(this.found[this.at] ?? null);
    const hit = this.found[this.at];
    this.said.textContent = hit ? `${hit.layer.texts.at(hit.row) || hit.row + 1}, ${hit.layer.name}` : this.model.get("_texts").look_none;
  }

  choose() {
    if (!this.found.length) this.step(0);
    const hit = this.found[this.at];
    if (hit) this.model.send({ event_type: MESSAGE.pick, drawing: hit.layer.name, row: hit.row });
  }

  dispose() {
    clearTimeout(this.soon);
    this.model.off("change:_look", this.onLook);
    this.frame.removeEventListener("keydown", this.onOther);
    for (const type of HAND) this.frame.removeEventListener(type, this.onHand, { capture: true });
    this.pad.remove();
    this.said.remove();
  }
}

// Aladin's view as the keys see it.
export function aladinSky(aladin, glass, picking) {
  const { view } = aladin;
  return {
    size: () => [view.width, view.height],
    fov: () => aladin.getFov()[0],
    zoom: (fov) => aladin.setFoV(fov),
    center(x, y) {
      const place = glass.under(x, y);
      if (place && Number.isFinite(place[0])) aladin.gotoRaDec(...place);
    },
    near: (x, y, reach) => picking.near(x, y, true, reach),
    point(hit) {
      picking.showTip(hit, ...(hit ? hit.at : []));
    },
  };
}

const CONTROLS = ".aladin-cooFrame, .aladin-zoom, .aladin-projection-control, .aladin-fullScreen-control";

// Names for Aladin's own controls, which have none that is read aloud; their pictures say nothing more. Aladin makes some of
// them anew, at another size or projection. Returns the end of it.
export function nameControls(frame, texts) {
  const name = () => {
    for (const picture of frame.querySelectorAll("button img")) picture.alt = "";
    for (const [selector, words] of Object.entries(texts.aladin_names ?? {})) {
      for (const control of frame.querySelectorAll(selector)) control.setAttribute("aria-label", words);
    }
  };
  name();
  const renewed = new MutationObserver(name);
  for (const control of frame.querySelectorAll(CONTROLS)) renewed.observe(control, { childList: true, subtree: true });
  return () => renewed.disconnect();
}
