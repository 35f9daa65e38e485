// What lies on the sky: one row a layer.
import { ICON, contours, fill, follow, h, iconButton, marker } from "./dom.js";
import { layerActs } from "./layer_acts.js";
import { layerControls } from "./layer_controls.js";
import { styleEditor } from "./layer_style.js";

export function renderLayers({ model, el, texts, tell }) {
  const list = h("ul", { className: "skx-layer-list" });
  el.append(h("h2", {}, texts.title), list);
  const items = new Map();

  const draw = () => {
    const rows = model.get("rows");
    const key = (row) => `${row.kind} ${row.name}`; // one name may come back as another kind
    const names = new Set(rows.map(key));
    for (const [name, item] of items) {
      if (names.has(name)) continue;
      item.root.remove();
      items.delete(name);
    }
    rows.forEach((row, index) => {
      if (!items.has(key(row))) items.set(key(row), makeItem(row, texts, tell));
      const item = items.get(key(row));
      item.update(row, model.get("complaints")[row.name], model.get("catalogues"));
      if (list.children[index] !== item.root) list.insertBefore(item.root, list.children[index] ?? null);
    });
    list.querySelector(".skx-empty")?.remove();
    if (!rows.length) list.append(h("li", { className: "skx-empty" }, texts.empty));
  };
  return follow(model, ["rows", "complaints", "catalogues"], draw);
}

function makeItem(first, texts, tell) {
  const name = first.name;
  const say = (text) => fill(text, { name });
  const swatch = h("span", { className: "skx-swatch" });
  const color = h("input", {
    type: "color",
    "aria-label": say(texts.color),
    title: say(texts.color),
    onchange: () => tell("color", { name, value: color.value }),
  });
  const label = h("span", { className: "skx-layer-name" }, name);
  const count = h("span", { className: "skx-count" });
  const told = h("span");
  const note = h("p", { className: "skx-note" }, count, told);
  const caveat = h("p", { className: "skx-caveat" });
  let row = first;
  const eye = iconButton(ICON.eye, say(texts.show), () => tell("visible", { name, value: !row.visible }));
  const origin = h("div", { className: "skx-origin", hidden: true });
  const info = iconButton(ICON.info, say(texts.origin), () => {
    origin.hidden = !origin.hidden;
    info.setAttribute("aria-expanded", String(!origin.hidden));
  });
  info.setAttribute("aria-expanded", "false");
  const opacity = slider(0, 100, say(texts.opacity), (value) => tell("opacity", { name, value: value / 100 }));
  const level = first.kind === "skymap" ? slider(5, 99, say(texts.level), (value) => tell("level", { name, value: value / 100 })) : null;
  const acts = first.acts ? layerActs(name, texts, tell) : null;
  const controls = layerControls(name, tell);
  const style = styleEditor(name, texts, tell);
  const levelText = h("output", { className: "skx-level" });
  const root = h(
    "li",
    { className: "skx-layer" },
    h(
      "div",
      { className: "skx-layer-head" },
      eye,
      h("label", { className: "skx-mark" }, swatch, color),
      label,
      style.button,
      iconButton(ICON.zoom, say(texts.zoom), () => tell("zoom", { name })),
      info,
      iconButton(ICON.remove, say(texts.remove), () => tell("remove", { name })),
    ),
    h("div", { className: "skx-layer-line" }, note, opacity.input),
    caveat,
    level ? h("div", { className: "skx-slide" }, level.input, levelText) : null,
    acts?.root,
    controls.root,
    style.legend,
    style.editor,
    origin,
  );
  return {
    root,
    update(next, wrong, catalogues) {
      row = next;
      acts?.update(row.acts, catalogues);
      style.update(row.style, wrong);
      root.classList.toggle("skx-off", !row.visible);
      swatch.replaceChildren(row.kind === "skymap" ? contours(row.color, 18) : marker(row.shape, row.color, 18));
      color.value = row.color;
      count.textContent = row.count;
      told.textContent = row.note && row.count ? ` · ${row.note}` : row.note;
      caveat.textContent = row.caveat ?? "";
      caveat.hidden = !row.caveat;
      label.title = row.origin.join("\n");
      eye.setAttribute("aria-pressed", String(row.visible));
      eye.replaceChildren(...iconButton(row.visible ? ICON.eye : ICON.hidden, "", null).childNodes);
      opacity.set(Math.round(row.opacity * 100));
      if (level) {
        level.set(Math.round(row.level * 100));
        levelText.textContent = `${Math.round(row.level * 100)} % · ${row.area}`;
      }
      controls.update(row);
      origin.replaceChildren(...row.origin.map((line) => h("div", {}, line)));
    },
  };
}

// Tells at most one value a frame while it is dragged, and never jumps back under the hand.
function slider(min, max, label, told) {
  let held = false;
  let waiting = null;
  const input = h("input", { type: "range", min, max, step: 1, "aria-label": label, title: label });
  input.addEventListener("pointerdown", () => (held = true));
  input.addEventListener("pointerup", () => (held = false));
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => told(Number(input.value)), 40);
  });
  return { input, set: (value) => held || (input.value = value) };
}
