// The table in place of a plot: a real one, a page of rows at a time.
import { fill, follow, h, iconButton } from "./dom.js";

const TABLE = ["M2.600 3.400h10.800v9.200h-10.800z", "M2.600 6.600h10.800M2.600 9.600h10.800M6.400 6.600v6"];

// A button that has nothing to do keeps the focus, which "disabled" would take from it: the next key would be the notebook's.
const setOff = (button, off) => button.setAttribute("aria-disabled", String(off));
const isOff = (button) => button.getAttribute("aria-disabled") === "true";

// `panel` is the element of the panel; what it returns goes into its head and behind its plot.
export function twin({ model, texts, tell }, panel) {
  const button = iconButton(TABLE, texts.as_table, () => tell("as_table", { on: !model.get("as_table") }));
  const caption = h("caption");
  const head = h("thead");
  const body = h("tbody");
  const table = h("table", {}, caption, head, body);
  const root = h("div", { className: "skx-twin", tabIndex: 0, role: "region", hidden: true }, table);
  const said = h("span", { role: "status" });
  const turn = (name, way) =>
    h("button", { type: "button", className: "skx-toggle", onclick: (event) => isOff(event.currentTarget) || tell("twin", { start: model.get("twin_page").start + way * model.get("twin_page").page }) }, name);
  const [earlier, later] = [turn(texts.earlier, -1), turn(texts.later, 1)];
  const pages = h("div", { className: "skx-twin-pages", hidden: true }, earlier, later, said);

  const row = ({ start, numbers, choosable }) => (cells, place) =>
    h(
      "tr",
      { "aria-rowindex": start + place + 2 },
      cells.map((text, column) => {
        const inner = choosable && column === 0 ? h("button", { type: "button", onclick: () => tell("twin_choose", { row: start + place }) }, text) : text;
        return h(column ? "td" : "th", { scope: column ? null : "row", className: numbers.includes(column) ? "skx-num" : "" }, inner);
      }),
    );
  const draw = () => {
    const on = model.get("as_table");
    button.setAttribute("aria-pressed", String(on));
    panel.classList.toggle("skx-twinned", on);
    root.hidden = !on;
    const page = model.get("twin_page");
    const { heads = [], rows = [], numbers = [], start = 0, total = 0 } = page;
    pages.hidden = !on || total <= rows.length;
    if (!on) return;
    const at = [...body.querySelectorAll("button")].indexOf(document.activeElement);
    caption.textContent = page.caption ?? "";
    root.setAttribute("aria-label", caption.textContent);
    table.setAttribute("aria-rowcount", total + 1);
    head.replaceChildren(h("tr", { "aria-rowindex": 1 }, heads.map((name, column) => h("th", { scope: "col", className: numbers.includes(column) ? "skx-num" : "" }, name))));
    body.replaceChildren(...rows.map(row(page)));
    if (!rows.length) body.replaceChildren(h("tr", {}, h("td", { colSpan: Math.max(1, heads.length) }, texts.no_rows)));
    said.textContent = fill(texts.pages, { first: start + 1, last: start + rows.length, total: total.toLocaleString("en") });
    setOff(earlier, start === 0);
    setOff(later, start + rows.length >= total);
    if (at >= 0) (body.querySelectorAll("button")[at] ?? root).focus();
  };
  return { button, root, pages, undo: follow(model, ["as_table", "twin_page"], draw) };
}
