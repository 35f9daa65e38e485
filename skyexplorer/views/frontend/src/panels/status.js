// What went wrong, and what to do about it.
import { ICON, follow, h, iconButton } from "./dom.js";

const SIGN = { info: "ⓘ", warning: "⚠", error: "✖" };

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
    h("span", { className: "skx-sign", "aria-hidden": "true" }, SIGN[item.level]),
    h("b", {}, item.text),
    item.advice ? h("span", { className: "skx-advice" }, ` ${item.advice}`) : null,
  ].filter(Boolean);
}
