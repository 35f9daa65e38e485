// Image layers between the background and the glass: densities, maps and second surveys.
//
// Each is a HiPS of Aladin's, made of tiles that came with the layer or of an address. Aladin adds a HiPS when its
// properties are there, in whatever order they come, and may be asked to remove one before that: so what is wanted is kept
// here, and put right whenever a layer has been added. A layer that is painted anew is added before its old self goes.
import { filesOf } from "./local.js";
import { MESSAGE } from "./messages.js";

export class Images {
  constructor(A, aladin, model, report, answers) {
    Object.assign(this, { A, aladin, model, report, answers, shown: new Map(), order: [], turn: 0 });
    this.view = aladin.view;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.onAdded = () => this.settle();
    aladin.aladinDiv.addEventListener("AL:Layer.added", this.onAdded);
    this.calm.addEventListener("change", this.onAdded);
  }

  update(id, layer) {
    const set = layer.get("tiles");
    const survey = layer.get("survey") ?? {};
    const source = set?.tiles ? `tiles ${set.version}` : (survey.address ?? "");
    if (!source) return this.remove(id);
    let entry = this.shown.get(id);
    const visible = layer.get("visible") && layer.get("opacity") > 0;
    if (!entry) this.shown.set(id, (entry = { names: [], source: "", lit: true }));
    Object.assign(entry, {
      title: layer.get("name"),
      visible,
      opacity: visible ? layer.get("opacity") * (set?.opacity ?? 1) : 0,
      add: Boolean(survey.add),
      blink: survey.blink || 0,
    });
    // A survey on the network is asked for when it is to be seen, and again when it is shown after it did not answer.
    if (entry.source !== source && (set?.tiles || visible)) this.place(entry, source, set, survey.address);
    this.style(entry);
    this.time(entry);
  }

  async place(entry, source, set, address) {
    entry.source = source;
    const name = `skx-image-${this.turn++}`;
    try {
      if (set?.tiles) {
        entry.next = this.aladin.createImageSurvey(name, set.title, filesOf(set, set.title), null, set.max_order, {});
      } else {
        if (!(await this.answers(address))) throw new Error(`no answer from ${address}`);
        if (entry.source !== source || entry.gone) return;
        entry.next = this.A.HiPS(address, { errorCallback: () => this.failed(entry, source) });
      }
      entry.names.push(name);
      this.style(entry);
      this.aladin.setOverlayImageLayer(entry.next, name);
    } catch {
      this.failed(entry, source);
    }
  }

  failed(entry, source) {
    if (entry.source !== source || entry.gone) return; // of a source that nobody waits for any more
    entry.source = "";
    entry.names = entry.names.filter((name) => this.view.imageLayers.has(name));
    this.model.send({ event_type: MESSAGE.layerFailed, layer: entry.title });
  }

  style(entry) {
    const opacity = entry.lit || this.calm.matches ? entry.opacity : 0;
    entry.next?.setOptions({ opacity, blending: entry.add });
  }

  // By turns seen and not seen; who asks for less motion sees it always.
  time(entry) {
    const every = entry.visible && !this.calm.matches ? entry.blink : 0;
    if (entry.every === every) return;
    clearInterval(entry.timer);
    entry.every = every;
    entry.lit = true;
    if (every)
      entry.timer = setInterval(() => {
        entry.lit = !entry.lit;
        this.style(entry);
      }, every * 1000);
    this.style(entry);
  }

  // After a layer was added: those that nobody wants any more go, and the others lie as they should.
  settle() {
    const wanted = new Set();
    for (const entry of this.shown.values()) {
      const newest = entry.names.at(-1);
      if (this.view.imageLayers.has(newest))
        for (const name of entry.names.slice(0, -1)) this.take(name);
      entry.names = entry.names.filter((name) => name === newest || this.view.imageLayers.has(name));
      entry.names.forEach((name) => wanted.add(name));
      this.style(entry);
      this.time(entry);
    }
    for (const name of [...this.view.overlayLayers])
      if (name.startsWith("skx-image-") && !wanted.has(name)) this.take(name);
    this.arrange();
  }

  // In the order of the layers, the background below them all.
  arrange(order = this.order) {
    this.order = order;
    const names = order.flatMap((id) => this.shown.get(id)?.names ?? []);
    const stack = this.view.overlayLayers;
    const places = stack.map((name, place) => (names.includes(name) ? place : -1)).filter((place) => place >= 0);
    const sorted = names.filter((name) => stack.includes(name));
    places.forEach((place, i) => {
      if (stack[place] !== sorted[i]) this.view.swapLayers(stack[place], sorted[i]);
    });
  }

  remove(id) {
    const entry = this.shown.get(id);
    if (!entry) return;
    entry.gone = true;
    clearInterval(entry.timer);
    this.shown.delete(id);
    for (const name of entry.names) this.take(name);
  }

  take(name) {
    this.aladin.removeImageLayer(name);
    this.aladin.hipsCache.delete(name); // which else keeps the tiles
  }

  dispose() {
    for (const entry of this.shown.values()) {
      entry.gone = true;
      clearInterval(entry.timer);
    }
    this.aladin.aladinDiv.removeEventListener("AL:Layer.added", this.onAdded);
    this.calm.removeEventListener("change", this.onAdded);
  }
}
