// What went wrong, and what to do about it.
import { ICON, follow, h, iconButton, svg } from "./dom.js";

// Drawn, as not every font has such signs.
const SIGN = { info: ICON.info, warning: ["M8 2.2l6.2 11h-12.4z", "M8 6.4v3.200M8 11.300v.2"], error: ICON.clear };

export function renderStatus({ model, el, texts, tell }) {
  const last = h("span", { className: "skx-last" });
  const list = h("ol", { className: "skx-notices", hidden: true });
  const more = h("button", { type: "button", className: "skx-toggle", "aria-expanded": "false", onclick: () => {
    list.hidden = !list.hidden;
    more.setAttribute("aria-expanded", String(!list.hidden));
  } });
  const dismiss = iconButton(ICON.remove, texts.dismiss, () => {
    list.hidden = true;
    tell("dismiss");
  });
  el.append(h("div", { className: "skx-line" }, last, h("span", { className: "skx-space" }), more, dismiss), list);
  return follow(model, ["items"], () => {
    const items = model.get("items");
    const [newest] = items;
    el.dataset.level = newest?.level ?? "none";
    last.setAttribute("role", newest?.level === "error" ? "alert" : "status");
    last.replaceChildren(...(newest ? said(newest) : [texts.ready]));
    more.textContent = `${texts.more} (${items.length})`;
    more.hidden = items.length < 2;
    dismiss.hidden = !newest;
    list.replaceChildren(
      ...items.map((item) => {
        const line = h("li", {}, h("time", {}, item.when), " ", ...said(item));
        line.dataset.level = item.level;
        return line;
      }),
    );
  });
}

function said(item) {
  return [
    h("span", { className: "skx-sign", "aria-hidden": "true" }, svg(SIGN[item.level], { size: 14 })),
    h("b", {}, item.text),
    item.advice ? h("span", { className: "skx-advice" }, ` ${item.advice}`) : null,
  ].filter(Boolean);
}
