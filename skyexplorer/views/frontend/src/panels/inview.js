// What is in view: a bar for each layer, and one for each band and messenger.
import { fill, follow, h, marker } from "./dom.js";

const bar = (share, color) => {
  const element = h("span", { className: "skx-bar", "aria-hidden": "true" });
  element.style.setProperty("--share", share);
  if (color) element.style.setProperty("--bar", color);
  return element;
};

export function renderInView({ model, el, texts, tell }) {
  const summary = h("span", { className: "skx-sub", role: "status" });
  const layers = h("div", { className: "skx-inview-list", role: "list", "aria-label": texts.layers });
  const groups = h("div", { className: "skx-inview-list skx-inview-groups", role: "list", "aria-label": texts.groups });
  const none = h("p", { className: "skx-message" }, texts.none);
  el.append(h("div", { className: "skx-head" }, summary), none, h("div", { className: "skx-inview-both", tabIndex: -1 }, layers, groups));
  const undo = [
    follow(model, ["summary"], () => (summary.textContent = model.get("summary"))),
    follow(model, ["rows"], () => {
      const rows = model.get("rows");
      none.hidden = rows.length > 0;
      layers.replaceChildren(
        ...rows.map((row) =>
          h(
            "div",
            { role: "listitem" },
            h(
              "button",
              { type: "button", className: "skx-inview-row", disabled: !row.markable, title: fill(texts.mark, row), "aria-label": `${row.name}: ${row.count} ${row.of}. ${fill(texts.mark, row)}`, onclick: () => tell("mark", { name: row.name }) },
              h("span", { className: "skx-swatch" }, marker(row.shape, row.color, 14)),
              h("span", { className: "skx-inview-name" }, row.name),
              bar(row.share, row.color),
              h("b", {}, row.count),
              h("span", { className: "skx-count" }, row.of),
            ),
          ),
        ),
      );
    }),
    follow(model, ["groups"], () =>
      groups.replaceChildren(
        ...model.get("groups").map((group) =>
          h("div", { role: "listitem", className: "skx-inview-row" }, h("span", { className: "skx-inview-name" }, group.name), bar(group.share, group.color), h("b", {}, group.count)),
        ),
      ),
    ),
  ];
  return () => undo.forEach((fn) => fn());
}
