// In the toolbar: the menu of panels, and full screen. Both speak of the model of the layout.
import { follow, h, iconButton } from "./dom.js";
import { keys } from "./grip.js";

const PANELS = ["M2.500 3h11v10h-11z", "M9.500 3v6", "M2.500 9h11"];
const FULL = ["M2.500 6v-3.500h3.500", "M10 2.500h3.500v3.500", "M13.500 10v3.500h-3.500", "M6 13.500h-3.500v-3.500"];
const LESS = ["M6 2.500v3.500h-3.500", "M13.500 6h-3.500v-3.500", "M10 13.500v-3.500h3.500", "M2.500 10h3.500v3.500"];

// `layout` is the model of the layout panel: its traits say what is shown, its messages change it.
export function arranging(layout, el) {
  const texts = layout.get("_texts");
  const tell = (type, content = {}) => layout.send({ type, ...content });
  const menu = h("div", { className: "skx-menu", role: "menu", "aria-label": texts.menu, hidden: true });
  const open = (on) => {
    menu.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (on) menu.querySelector("button")?.focus({ preventScroll: true });
  };
  const button = iconButton(PANELS, texts.panels, () => open(menu.hidden), { "aria-haspopup": "menu", "aria-expanded": "false" });
  const root = h("span", { className: "skx-arranging" }, button, menu);
  keys(root, menu, () => (open(false), button.focus()));
  const away = (event) => menu.hidden || root.contains(event.target) || open(false);
  document.addEventListener("pointerdown", away, true);

  const check = (text, on, act) =>
    h("button", { type: "button", role: "menuitemcheckbox", className: "skx-item", "aria-checked": String(on), onclick: act }, h("span", { className: "skx-tick", "aria-hidden": "true" }, on ? "✓" : ""), text);
  const item = (text, act) => h("button", { type: "button", role: "menuitem", className: "skx-item", onclick: () => (open(false), act()) }, h("span", { className: "skx-tick" }), text);
  const title = (text) => h("p", { className: "skx-menu-title", role: "presentation" }, text);

  const draw = () => {
    const shown = layout.get("shown");
    const names = Object.entries(layout.get("names")).filter(([panel]) => el.closest(".skx-grid")?.querySelector(`:scope > .skx-at-${panel}`));
    const at = [...menu.querySelectorAll("button")].indexOf(document.activeElement);
    menu.replaceChildren(
      title(texts.show),
      ...names.map(([panel, name]) => check(name, shown.includes(panel), () => tell("show", { name: panel, on: !shown.includes(panel) }))),
      title(texts.arrange),
      ...layout.get("arrangements").map(([preset, name]) => item(name, () => tell("arrange", { preset }))),
      h("hr"),
      check(texts.compact, layout.get("compact"), () => tell("compact", { on: !layout.get("compact") })),
      item(texts.reset, () => tell("reset")),
    );
    if (at >= 0) menu.querySelectorAll("button")[at]?.focus({ preventScroll: true });
  };

  const full = iconButton(FULL, texts.full, () => toggle());
  const box = () => el.closest(".skx-root");
  const isFull = () => Boolean(box()) && (document.fullscreenElement === box() || box().classList.contains("skx-full"));
  // A frame may forbid full screen: then the explorer fills the frame.
  const toggle = async () => {
    const root = box();
    if (!root) return;
    if (document.fullscreenElement === root) return document.exitFullscreen();
    if (root.classList.contains("skx-full")) root.classList.remove("skx-full");
    else {
      try {
        await root.requestFullscreen();
      } catch {
        root.classList.add("skx-full");
      }
    }
    mark();
  };
  const mark = () => {
    const on = isFull();
    full.setAttribute("aria-pressed", String(on));
    full.firstElementChild.replaceChildren(...iconButton(on ? LESS : FULL, "").firstElementChild.children);
  };
  const escape = (event) => {
    if (event.key !== "Escape" || !box()?.classList.contains("skx-full")) return;
    if (event.defaultPrevented || event.target.closest?.("dialog[open]")) return; // it has closed something else
    box().classList.remove("skx-full");
    mark();
  };
  document.addEventListener("fullscreenchange", mark);
  document.addEventListener("keydown", escape);

  const undo = follow(layout, ["shown", "compact"], () => requestAnimationFrame(draw));
  const dispose = () => {
    undo();
    document.removeEventListener("pointerdown", away, true);
    document.removeEventListener("fullscreenchange", mark);
    document.removeEventListener("keydown", escape);
  };
  return { nodes: [root, full], dispose };
}
