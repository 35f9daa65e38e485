// The tools at the left edge of the sky, what can be done with the chosen region beside it, and a chip where
// sources outside a region are hidden.
import { MESSAGE } from "./messages.js";

const TOOLS = [
  ["", ["M5.2 2.6l7 6.600-3.400.5 1.900 3.500-1.700.9-1.900-3.500-2 2.500z"]],
  ["circle", ["M8 2.600a5.400 5.400 0 1 1 0 10.800a5.400 5.400 0 1 1 0-10.800z", "M8 7.900v.2"]],
  ["box", ["M3 4h10v8h-10z"]],
  ["polygon", ["M3.200 5.600L9.400 2.800L13.400 8L9.800 13.200L4 11.400z"]],
  ["lasso", ["M6 11.200C3.700 10.600 2.300 9.200 2.300 7.300c0-2.600 2.600-4.700 5.900-4.700s5.500 1.800 5.500 4.200-2.400 4.500-5.700 4.500", "M6.900 10.200a1.300 1.300 0 1 0 .01 2.300", "M6.200 12.200c.2 1-.4 1.700-1.400 1.900"]],
  ["measure", ["M2.300 10.900l8.600-8.600 2.800 2.800-8.600 8.600z", "M5 8.300l1.300 1.300M7 6.300l1.700 1.700M9 4.300l1.300 1.300"]],
  ["clear", ["M3.200 4.600h9.600", "M6.300 4.400v-1.500h3.400v1.500", "M4.400 4.800l.6 8.400h6l.6-8.400"]],
];
const ACTS = [
  ["select", ["M4.800 8.200l2.400 2.400 4.400-5", "M8 1.900a6.100 6.100 0 1 1 0 12.200a6.100 6.100 0 1 1 0-12.200z"]],
  ["filter", ["M2.600 3.600h10.800l-4.200 5v4l-2.400 1v-5z"]],
  ["ask", ["M2.800 4.200c0-1 2.300-1.900 5.200-1.900s5.200.9 5.200 1.900-2.300 1.900-5.200 1.900-5.200-.9-5.200-1.900z", "M2.800 4.200v7.600c0 1 2.300 1.900 5.200 1.900s5.200-.9 5.200-1.900v-7.600", "M2.800 8c0 1 2.300 1.900 5.200 1.900s5.200-.9 5.200-1.900"]],
  ["layer", ["M8 2.400l5.800 3-5.800 3-5.800-3z", "M2.200 8.200l5.800 3 5.800-3", "M2.200 10.900l5.800 3 5.800-3"]],
  ["copy", ["M5.600 5.600h7.600v7.800h-7.600z", "M3.400 10.400h-.8v-7.800h7.600v.8"]],
];
const CLOSE = ["M4.400 4.400l7.200 7.200M11.600 4.400l-7.200 7.200"];

export class ToolStrip {
  constructor(tools) {
    Object.assign(this, { tools, model: tools.model, texts: tools.model.get("_texts") });
    const { aladinDiv } = tools.aladin;
    this.strip = make("div", "skx-strip", { role: "toolbar", "aria-label": this.texts.tools, "aria-orientation": "vertical" });
    this.buttons = TOOLS.map(([name, paths]) => {
      const button = round(paths, this.texts[`tool_${name || "hand"}`], () => (name === "clear" ? this.clear() : tools.take(name)));
      button.dataset.tool = name || "hand";
      this.strip.append(button);
      return { name, button };
    });
    // One stop of the Tab key; arrows go on from there.
    this.strip.addEventListener("keydown", (event) => {
      const all = this.buttons.map(({ button }) => button).filter((button) => !button.disabled);
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
      for (const button of all) button.tabIndex = button === next ? 0 : -1;
      next.focus();
      event.preventDefault();
      event.stopPropagation();
    });
    this.bar = make("div", "skx-acts", { role: "toolbar", "aria-label": this.texts.region });
    this.size = make("span", "skx-acts-size");
    this.acts = Object.fromEntries(
      ACTS.map(([name, paths]) => {
        const button = make("button", "skx-act-button", { type: "button", "aria-label": this.texts[`${name}_long`], title: this.texts[`${name}_long`] });
        const word = make("span");
        word.textContent = this.texts[name];
        button.append(icon(paths), word);
        button.addEventListener("click", () => (name === "copy" ? this.copy() : this.act(name)));
        return [name, button];
      }),
    );
    this.away = round(CLOSE, this.texts.remove_region, () => this.act("clear"));
    this.bar.append(this.size, ...Object.values(this.acts), this.away);
    this.chip = make("button", "skx-chip-inside", { type: "button", "aria-label": this.texts.inside_off, title: this.texts.inside_off });
    this.chip.addEventListener("click", () => this.act("unfilter"));
    aladinDiv.append(this.strip, this.chip, this.bar);
    for (const node of [this.strip, this.bar, this.chip]) {
      node.addEventListener("wheel", (event) => tools.zoom(event));
      for (const type of ["pointerdown", "mousedown", "touchstart", "dblclick"]) node.addEventListener(type, (event) => event.stopPropagation());
    }
    this.onChange = () => {
      this.show();
      tools.glass.redraw();
    };
    for (const name of ["_region", "_inside", "_path"]) this.model.on(`change:${name}`, this.onChange);
    this.show();
  }

  act(name) {
    this.model.send({ event_type: MESSAGE.regionAct, act: name });
  }

  clear() {
    this.tools.measure.clear();
    if (this.model.get("_region").there) this.act("clear");
    if (this.tools.tool) this.tools.take("");
  }

  async copy() {
    const text = this.model.get("_region").source;
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      done = false; // not allowed here: Python says the text, to be copied from there
    }
    this.model.send({ event_type: MESSAGE.regionAct, act: done ? "copied" : "uncopied" });
    if (!done) return;
    this.acts.copy.classList.add("skx-done");
    setTimeout(() => this.acts.copy.classList.remove("skx-done"), 1200);
  }

  show() {
    const region = this.model.get("_region");
    const inside = this.model.get("_inside");
    for (const { name, button } of this.buttons) {
      const on = name === this.tools.tool;
      if (name !== "clear") button.setAttribute("aria-pressed", String(on));
      button.tabIndex = on ? 0 : -1;
    }
    this.size.textContent = region.text ?? "";
    this.acts.filter.setAttribute("aria-pressed", String(Boolean(inside.same)));
    this.acts.copy.disabled = !region.source;
    this.chip.textContent = inside.text ? `${inside.text} ✕` : "";
    this.chip.hidden = !inside.text;
    this.place();
  }

  // Below the region, or above it, and within the sky; at its foot where the region has no place of its own on the screen.
  place() {
    const { tools, bar } = this;
    const { there } = this.model.get("_region");
    const { shape } = tools.vertices?.now ?? {};
    const box = tools.vertices?.box;
    bar.hidden = !there || Boolean(tools.tool) || Boolean(tools.vertices?.drag) || Boolean(shape && !box);
    if (bar.hidden) return;
    const { clientWidth: width, clientHeight: height } = tools.aladin.aladinDiv;
    bar.classList.toggle("skx-brief", width < 620);
    this.size.hidden = width < 340;
    const [w, h] = [bar.offsetWidth, bar.offsetHeight];
    let [x, y] = [width / 2, height];
    if (shape) {
      if (box.right < 0 || box.left > width || box.bottom < 0 || box.top > height) return void (bar.hidden = true);
      x = (Math.max(box.left, 0) + Math.min(box.right, width)) / 2;
      y = box.bottom + 14 + h <= height ? box.bottom + 14 : box.top - 14 - h >= 40 ? box.top - 14 - h : height;
    }
    bar.style.left = `${Math.round(Math.max(w + 60 > width ? 8 : 50, Math.min(x - w / 2, width - w - 8)))}px`;
    bar.style.top = `${Math.round(Math.max(8, Math.min(y, height - h - 10)))}px`;
  }

  dispose() {
    for (const name of ["_region", "_inside", "_path"]) this.model.off(`change:${name}`, this.onChange);
    for (const node of [this.strip, this.bar, this.chip]) node.remove();
  }
}

function make(tag, className = "", attributes = {}) {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function round(paths, name, onclick) {
  const button = make("button", "skx-round", { type: "button", "aria-label": name, title: name });
  button.append(icon(paths));
  button.addEventListener("click", onclick);
  return button;
}

function icon(paths) {
  const space = "http://www.w3.org/2000/svg";
  const root = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" })) root.setAttribute(name, value);
  for (const d of paths) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", d);
    root.append(path);
  }
  return root;
}
