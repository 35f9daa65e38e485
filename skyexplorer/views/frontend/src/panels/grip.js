// The grip on the upper edge of a panel: drag it onto another panel, and they change places; press it for a menu.
import { fill, h } from "./dom.js";

const FAR = 6; // px, from which on it is a drag

export function grip({ model, texts, tell, name, box }) {
  let panel = null;
  const button = h("button", { type: "button", className: "skx-grip", "aria-haspopup": "menu", "aria-expanded": "false" }, h("span", { "aria-hidden": "true" }));
  const menu = h("div", { className: "skx-menu", role: "menu", hidden: true });
  const root = h("div", { className: "skx-grip-at" }, button, menu);

  const node = (which) => box()?.querySelector(`:scope > .skx-at-${which}`);
  const under = (event) =>
    Object.values(model.get("places")).find((other) => {
      const at = other !== panel && node(other)?.getBoundingClientRect();
      return at && at.width && event.clientX >= at.left && event.clientX <= at.right && event.clientY >= at.top && event.clientY <= at.bottom;
    });
  const aim = (which) => {
    for (const other of Object.values(model.get("places"))) node(other)?.classList.toggle("skx-aim", other === which);
  };

  const open = (on) => {
    menu.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    root.classList.toggle("skx-open", on);
    if (!on) return;
    const others = Object.values(model.get("places")).filter((other) => other !== panel && model.get("shown").includes(other));
    const item = (text, act) => h("button", { type: "button", role: "menuitem", className: "skx-item", onclick: () => (open(false), act()) }, text);
    menu.setAttribute("aria-label", fill(texts.move, { name: name(panel) }));
    menu.replaceChildren(
      ...others.map((other) => item(fill(texts.swap, { name: name(other) }), () => tell("swap", { name: panel, other }))),
      ...(others.length ? [item(texts.hide, () => tell("show", { name: panel, on: false }))] : []),
    );
    menu.firstElementChild?.focus({ preventScroll: true });
  };

  let press = null;
  button.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    moved = false;
    press = { x: event.clientX, y: event.clientY, far: false };
    button.setPointerCapture(event.pointerId);
  });
  button.addEventListener("pointermove", (event) => {
    if (!press) return;
    press.far ||= Math.hypot(event.clientX - press.x, event.clientY - press.y) > FAR;
    if (!press.far) return;
    node(panel)?.classList.add("skx-carried");
    aim(under(event));
  });
  const end = (event) => {
    const done = press;
    press = null;
    node(panel)?.classList.remove("skx-carried");
    aim(null);
    if (!done?.far) return;
    moved = event.type === "pointerup"; // else no click follows
    const other = event.type === "pointerup" && under(event);
    if (other) tell("swap", { name: panel, other });
  };
  let moved = false;
  button.addEventListener("pointerup", end);
  button.addEventListener("pointercancel", end);
  button.addEventListener("click", () => {
    if (moved) moved = false;
    else open(menu.hidden);
  });
  keys(root, menu, () => (open(false), button.focus()));
  const away = (event) => menu.hidden || root.contains(event.target) || open(false);
  document.addEventListener("pointerdown", away, true);

  return {
    root,
    put(shown, which) {
      panel = which;
      root.hidden = !shown;
      root.style.gridArea = shown ?? "";
      button.title = fill(texts.move, { name: name(which) });
      button.setAttribute("aria-label", button.title);
      if (!shown && !menu.hidden) open(false);
    },
    dispose: () => document.removeEventListener("pointerdown", away, true),
  };
}

// Arrow keys in a menu; Escape closes it.
export function keys(root, menu, close) {
  root.addEventListener("keydown", (event) => {
    if (menu.hidden) return;
    const items = [...menu.querySelectorAll("button, input")];
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    else if (step) items[(at + step + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
