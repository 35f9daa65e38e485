// The strip above the panels at the side of the sky: one of them is shown at a time.
import { ICON, follow, h, iconButton } from "./dom.js";

export function renderSide({ model, el, texts, tell }) {
  const tabs = model.get("tabs").map((tab) => {
    const badge = h("span", { className: "skx-badge" });
    const button = h("button", { type: "button", role: "tab", className: "skx-tab", onclick: () => tell("tab", { name: tab.name }) }, tab.label, badge);
    return { ...tab, button, badge };
  });
  const wide = iconButton(ICON.widen, texts.wide, () => tell("wide", { on: !model.get("wide") }));
  wide.classList.add("skx-widen");
  const list = h("div", { className: "skx-side-tabs", role: "tablist", "aria-label": texts.label }, tabs.map((tab) => tab.button));
  el.append(list, h("span", { className: "skx-space" }), wide);
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex((tab) => tab.button === document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next.button.focus();
    tell("tab", { name: next.name });
    event.preventDefault();
    event.stopPropagation();
  });
  const place = () => {
    const active = model.get("active");
    for (const tab of tabs) {
      tab.button.setAttribute("aria-selected", String(tab.name === active));
      tab.button.tabIndex = tab.name === active ? 0 : -1;
    }
    el.parentElement?.setAttribute("data-tab", active);
    const on = model.get("wide");
    wide.setAttribute("aria-pressed", String(on));
    const grid = el.closest(".skx-grid");
    if (!grid || grid.classList.contains("skx-wide") === on) return;
    grid.classList.toggle("skx-wide", on);
    grid.dispatchEvent(new Event("skx-lay"));
  };
  const late = requestAnimationFrame(place); // once the element stands in the page
  const undo = [
    () => cancelAnimationFrame(late),
    follow(model, ["active", "wide"], place),
    follow(model, ["busy"], () => {
      for (const tab of tabs) tab.badge.classList.toggle("skx-busy", model.get("busy").includes(tab.name));
    }),
  ];
  return () => undo.forEach((fn) => fn());
}
