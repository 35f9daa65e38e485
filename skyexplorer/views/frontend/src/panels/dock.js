// The strip above the plots: one of them is shown at a time.
import { follow, h, iconButton } from "./dom.js";

const LARGE = ["M9.500 2.500h4v4", "M13.500 2.500l-4.500 4.500", "M6.500 13.500h-4v-4", "M2.500 13.500l4.500-4.500"];

export function renderDock({ model, el, texts, tell }) {
  const list = h("div", { className: "skx-dock-tabs", role: "tablist", "aria-label": texts.label });
  const tabs = model.get("tabs").map(({ name, label }) => ({
    name,
    button: h("button", { type: "button", role: "tab", className: "skx-tab", onclick: () => tell("tab", { name }) }, label),
  }));
  const large = iconButton(LARGE, texts.large, () => tell("large", { on: !model.get("large") }));
  list.append(...tabs.map((tab) => tab.button));
  el.append(list, h("span", { className: "skx-space" }), large);
  const go = (at) => {
    const next = tabs[(at + tabs.length) % tabs.length];
    next.button.focus();
    tell("tab", { name: next.name });
  };
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex((tab) => tab.button === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    go(to);
    event.preventDefault();
    event.stopPropagation();
  });
  const place = () => {
    const active = model.get("active");
    for (const tab of tabs) {
      tab.button.setAttribute("aria-selected", String(tab.name === active));
      tab.button.tabIndex = tab.name === active ? 0 : -1;
      if (tab.name === active) tab.button.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    }
    el.parentElement?.setAttribute("data-tab", active);
  };
  const late = requestAnimationFrame(place); // once the element stands in the page
  const undo = [
    () => cancelAnimationFrame(late),
    follow(model, ["active"], place),
    follow(model, ["large"], () => large.setAttribute("aria-pressed", String(model.get("large")))),
  ];
  return () => undo.forEach((fn) => fn());
}
