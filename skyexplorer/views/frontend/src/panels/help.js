// Keys that hold anywhere in the explorer, and the list of all keys.
import { keep, typing } from "../shield.js";
import { h, iconButton, placed } from "./dom.js";

const ICON = ["M2 4.500h12v7h-12z", "M4.400 6.800h.1M6.800 6.800h.1M9.200 6.800h.1M11.600 6.800h.1", "M5 9.300h6"];
// Where the digits lead: the first of these that is there.
const PLACES = {
  1: [".skx-draw:not([hidden])", ".skx-look"],
  2: [".skx-side-tabs [aria-selected=true]"],
  3: [".skx-time-strip"],
  4: [".skx-dock-tabs [aria-selected=true]"],
  5: [".skx-table .skx-scroll"],
  "/": [".skx-goto input"],
  f: [".skx-table .skx-head input"],
};
// Where Escape leads from a box of text.
const LEFT = [
  [PLACES["/"], PLACES[1]],
  [PLACES.f, PLACES[5]],
];

export function help(model, el) {
  const texts = model.get("_texts");
  const title = h("h2", {}, texts.keys);
  const close = h("button", { type: "button", className: "skx-act", onclick: () => sheet.close() }, texts.close);
  const sheet = h(
    "dialog",
    { className: "skx-help", "aria-label": texts.keys },
    h("div", { className: "skx-help-head" }, title, h("span", { className: "skx-space" }), close),
    h("div", { className: "skx-help-groups", tabIndex: 0, role: "group", "aria-label": texts.keys }, model.get("shortcuts").map(group)),
  );
  const open = () => sheet.open || sheet.showModal();
  const button = iconButton(ICON, texts.keys, open, { "aria-haspopup": "dialog", "aria-keyshortcuts": "?" });
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());

  let root = null;
  const go = (places) => {
    const seen = (node) => node.checkVisibility?.({ visibilityProperty: true }) !== false && !node.closest("[inert]");
    const node = places.flatMap((place) => [...root.querySelectorAll(place)]).find(seen);
    node?.focus();
    return Boolean(node);
  };
  const onKey = (event) => {
    const left = event.key === "Escape" && LEFT.find(([boxes]) => boxes.some((box) => event.target.matches(box)));
    if (left && go(left[1])) event.preventDefault(); // else the box is emptied
    if (!keep(event)) return;
    if (event.defaultPrevented || sheet.open || typing(event.target)) return;
    if (event.key === "?") open();
    else if (!Object.hasOwn(PLACES, event.key.toLowerCase()) || !go(PLACES[event.key.toLowerCase()])) return;
    event.preventDefault();
  };
  const undo = placed(el, ".skx-root", (found) => {
    root = found;
    root.addEventListener("keydown", onKey);
    root.append(sheet);
  });
  const dispose = () => {
    undo();
    root?.removeEventListener("keydown", onKey);
    sheet.remove();
  };
  return { button, dispose };
}

function group({ title, keys }) {
  return h(
    "table",
    {},
    h("caption", {}, title),
    h(
      "tbody",
      {},
      keys.map(([names, text]) => h("tr", {}, h("th", { scope: "row" }, names.split(/ +/).map((name) => h("kbd", {}, name))), h("td", {}, text))),
    ),
  );
}
