// Picking and hovering, by our own hand.
//
// Aladin counts any motion between press and release as a drag, looks sources up in a table that goes
// stale after a programmed move, and lets drawn regions take the click. Here the candidates are found
// at pointerdown, from the projection as it is at that moment, and sent at pointerup if the pointer
// never went farther than CLICK_PX: what you pressed is what you get.
import { MESSAGE } from "./messages.js";

const NEAR_PX = 9; // a source this near to the pointer can be meant
const RIVAL_PX = 5; // another within this much of the nearest is as likely meant: ask
const CLICK_PX = 10; // farther than this between press and release is a drag

export class Picking {
  constructor(aladin, model, glass) {
    Object.assign(this, { aladin, model, glass, press: null });
    this.target = aladin.view.catalogCanvas;
    this.tip = document.createElement("div");
    this.tip.className = "skx-tip";
    this.tip.setAttribute("role", "tooltip");
    this.tip.hidden = true;
    aladin.aladinDiv.append(this.tip);
    this.listeners = [
      ["pointerdown", (e) => this.down(e)],
      ["pointermove", (e) => this.move(e)],
      ["pointerup", (e) => this.up(e)],
      ["pointercancel", () => (this.press = null)],
      ["pointerleave", () => this.showTip(null)],
    ];
    for (const [type, fn] of this.listeners) this.target.addEventListener(type, fn, { capture: true });
    // A release may fall outside the canvas.
    this.onWindowUp = (e) => this.press && this.up(e);
    window.addEventListener("pointerup", this.onWindowUp, { capture: true });
  }

  at(event) {
    const box = this.target.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // All drawn sources near a point of the screen, nearest first; of equals, the layer on top first. With `anew` they are
  // projected as the sky is now, else taken from the last frame. `reach` is how far from the point one may be, px.
  near(x, y, anew = false, reach = NEAR_PX) {
    const found = [];
    const eye = anew ? this.glass.eye() : null;
    this.glass.layers.forEach((layer, z) => {
      if (!layer.visible || layer.opacity <= 0 || !layer.ra.length) return;
      const { stars } = layer;
      const drawn = anew && !layer.style.density ? stars.look(eye) : stars.drawn;
      for (let i = 0; i < drawn.n; i++) {
        const dx = drawn.x[i] - x;
        const dy = drawn.y[i] - y;
        if (dx > reach || dx < -reach || dy > reach || dy < -reach) continue;
        const distance = Math.hypot(dx, dy);
        // Where rows crowd their markers are small, and the one that is meant is hit.
        if (distance <= reach) found.push({ layer, row: drawn.rows[i], distance, z, rival: drawn.crowd ? 1 : RIVAL_PX, at: [drawn.x[i], drawn.y[i]] });
      }
    });
    return found.sort((a, b) => a.distance - b.distance || b.z - a.z);
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.closeChoice();
    this.showTip(null);
    const [x, y] = this.at(event);
    this.press = { x, y, found: this.near(x, y, true), far: false };
  }

  move(event) {
    const [x, y] = this.at(event);
    if (this.press) {
      if (Math.hypot(x - this.press.x, y - this.press.y) > CLICK_PX) this.press.far = true;
      return;
    }
    if (event.pointerType === "touch" || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      const hit = this.press ? null : this.near(x, y)[0];
      this.target.style.cursor = hit ? "pointer" : "";
      this.showTip(hit, x, y);
    });
  }

  up(event) {
    const press = this.press;
    this.press = null;
    if (!press || press.far) return;
    const [x, y] = this.at(event);
    if (Math.hypot(x - press.x, y - press.y) > CLICK_PX) return;
    const [first, ...others] = press.found;
    if (!first) return;
    const rivals = others.filter((other) => other.distance <= first.distance + Math.min(first.rival, other.rival));
    if (rivals.length) this.offerChoice([first, ...rivals], press.x, press.y);
    else this.send(first);
  }

  send({ layer, row }) {
    this.model.send({ event_type: MESSAGE.pick, drawing: layer.name, row });
  }

  showTip(hit, x, y) {
    this.tip.hidden = !hit;
    if (!hit) return;
    const title = document.createElement("strong");
    title.textContent = hit.layer.texts.at(hit.row);
    const { ra, dec, details } = hit.layer;
    const d = dec[hit.row];
    const where = `${ra[hit.row].toFixed(4)}  ${d < 0 ? "-" : "+"}${Math.abs(d).toFixed(4)}`;
    const lines = [hit.layer.name, ...(details[hit.row] ?? where).split("\n")].filter(Boolean);
    this.tip.replaceChildren(
      title,
      ...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })),
      this.glass.thumbnail(hit.layer, hit.row),
    );
    place(this.tip, x, y, this.target);
  }

  offerChoice(candidates, x, y) {
    const menu = document.createElement("div");
    menu.className = "skx-choice";
    menu.setAttribute("role", "menu");
    menu.setAttribute("aria-label", this.model.get("_texts").choose);
    const heading = document.createElement("p");
    heading.textContent = this.model.get("_texts").choose;
    menu.append(heading);
    for (const hit of candidates.slice(0, 12)) {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("role", "menuitem");
      const swatch = document.createElement("i");
      swatch.style.background = hit.layer.color;
      const name = document.createElement("b");
      name.textContent = hit.layer.texts.at(hit.row) || `${hit.row + 1}`;
      const of = document.createElement("span");
      of.textContent = hit.layer.name;
      button.append(swatch, name, of);
      button.addEventListener("click", () => {
        this.closeChoice();
        this.send(hit);
      });
      menu.append(button);
    }
    menu.addEventListener("keydown", (event) => {
      const buttons = [...menu.querySelectorAll("button")];
      const at = buttons.indexOf(document.activeElement);
      if (event.key === "Escape") this.closeChoice();
      else if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length].focus();
      else if (event.key === "ArrowUp") buttons[(at - 1 + buttons.length) % buttons.length].focus();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    this.aladin.aladinDiv.append(menu);
    this.choice = menu;
    place(menu, x, y, this.target);
    menu.querySelector("button").focus({ preventScroll: true });
  }

  closeChoice() {
    const held = this.choice?.contains(document.activeElement);
    this.choice?.remove();
    this.choice = null;
    if (held) this.aladin.aladinDiv.querySelector(".skx-look")?.focus({ preventScroll: true });
  }

  dispose() {
    for (const [type, fn] of this.listeners) this.target.removeEventListener(type, fn, { capture: true });
    window.removeEventListener("pointerup", this.onWindowUp, { capture: true });
    cancelAnimationFrame(this.waiting);
    this.closeChoice();
    this.tip.remove();
  }
}

// Beside the pointer, and inside the sky.
function place(element, x, y, frame) {
  const { clientWidth, clientHeight } = frame;
  const { offsetWidth: w, offsetHeight: h } = element;
  element.style.left = `${Math.max(4, x + 14 + w > clientWidth ? x - 14 - w : x + 14)}px`;
  element.style.top = `${Math.max(4, Math.min(y + 10, clientHeight - h - 4))}px`;
}
