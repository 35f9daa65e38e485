// The rows of a layer. Only those in view are in the page, and only those around are in the browser: Python sorts,
// filters and writes the texts, and sends others when they come into view.
import { fill, follow, h, marker } from "./dom.js";

const ROW = 26; // px, as in panels.css
const SPARE = 8;
const TALLEST = 12_000_000; // px; browsers draw no taller element, so that more rows are scrolled through faster

export function renderTable({ model, el, texts, tell }) {
  const layer = h("select", { "aria-label": texts.layer, title: texts.layer, onchange: () => tell("tab", { name: layer.value }) });
  const mark = h("span", { className: "skx-swatch" });
  const filter = h("input", {
    type: "search",
    placeholder: texts.filter_hint,
    "aria-label": texts.filter,
    title: texts.filter_help,
    spellcheck: false,
  });
  let typing = null;
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    const layer = model.get("active"); // whose filter it is, whatever is chosen meanwhile
    typing = setTimeout(() => tell("filter", { text: filter.value, layer }), 180);
  });
  const counted = h("span", { className: "skx-count", role: "status" });
  const marked = h("button", {
    type: "button",
    className: "skx-toggle skx-marked",
    title: texts.only_marked,
    hidden: true,
    onclick: () => tell("only_marked", { on: !model.get("only_marked") }),
  });
  const complaint = h("p", { className: "skx-complaint", role: "alert" });
  const head = h("div", { className: "skx-tr skx-th", role: "row" });
  const body = h("div", { className: "skx-tbody" });
  const scroller = h(
    "div",
    { className: "skx-scroll", role: "grid", "aria-label": texts.rows, tabIndex: 0 },
    head,
    body,
  );
  el.append(h("div", { className: "skx-head" }, mark, layer, counted, marked, filter), complaint, scroller);

  let count = 0;
  let active = -1; // the place that the arrow keys have reached
  let top = 0; // the place, with its fraction, at the upper edge
  let asked = "";
  let asking = null;

  // A table that is too tall for the browser is scrolled by a smaller height: each pixel of it is several of a row.
  const visible = () => Math.max(1, (scroller.clientHeight - ROW) / ROW);
  const height = () => Math.min(count * ROW, TALLEST);
  const scale = () => (count * ROW <= TALLEST ? ROW : Math.max(1e-9, (TALLEST - scroller.clientHeight + ROW) / Math.max(1, count - visible())));

  const goTo = (place) => {
    top = Math.min(Math.max(0, place), Math.max(0, count - visible()));
    scroller.scrollTop = top * scale();
    paint();
  };

  const ask = (first, last) => {
    const key = `${first}-${last}-${count}`;
    if (key === asked) return;
    asked = key;
    clearTimeout(asking);
    asking = setTimeout(() => tell("rows", { start: first, stop: last }), 40); // a scroll in full flight asks for nothing
  };

  const paint = () => {
    const { start = 0, rows: held = [], texts: cells = [] } = model.get("window");
    const columns = model.get("columns");
    const chosen = new Set(model.get("chosen"));
    const first = Math.max(0, Math.floor(top) - SPARE);
    const last = Math.min(count, Math.ceil(top + visible()) + SPARE);
    const at = scroller.scrollTop;
    body.style.height = `${height()}px`;
    const rows = [];
    for (let place = first; place < last; place++) {
      const row = held[place - start];
      const line = cells[place - start];
      const tr = h(
        "div",
        {
          className: line ? "skx-tr" : "skx-tr skx-awaited",
          role: "row",
          "aria-rowindex": place + 2,
          onclick: line ? () => choose(place) : null,
        },
        columns.map((column, c) =>
          h("div", { role: "gridcell", className: column.numeric ? "skx-num" : "", title: line?.[c] }, line?.[c] ?? ""),
        ),
      );
      tr.setAttribute("aria-selected", String(line !== undefined && chosen.has(row)));
      tr.style.top = `${at + (place - top) * ROW}px`;
      if (place === active) tr.classList.add("skx-at");
      rows.push(tr);
    }
    body.replaceChildren(...rows);
    if (!count) body.replaceChildren(h("p", { className: "skx-empty" }, texts.none));
    else if (first < start || last > start + held.length) ask(first, last);
  };

  const choose = (place) => {
    const { start = 0, rows: held = [] } = model.get("window");
    active = place;
    if (held[place - start] !== undefined) tell("select", { row: held[place - start] });
    paint();
  };

  const reveal = (place) => {
    if (place < top) goTo(place);
    else if (place + 1 > top + visible()) goTo(place + 1 - visible() / 2);
  };

  scroller.addEventListener("scroll", () => {
    if (Math.abs(scroller.scrollTop - top * scale()) >= 1) top = scroller.scrollTop / scale();
    paint();
  });
  scroller.addEventListener(
    "wheel",
    (event) => {
      if (scale() === ROW || event.deltaY === 0 || event.ctrlKey) return; // the browser's own scrolling is right
      event.preventDefault();
      goTo(top + (event.deltaMode === 1 ? event.deltaY : event.deltaY / ROW));
    },
    { passive: false },
  );
  scroller.addEventListener("keydown", (event) => {
    if (event.target !== scroller) return; // Enter on a column head sorts
    const page = Math.max(1, Math.floor(visible()) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps && count) {
      active = Math.min(count - 1, Math.max(0, active + steps[event.key]));
      reveal(active);
      paint();
    } else if (event.key === "Enter" && active >= 0) choose(active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const drawHead = () => {
    const sort = model.get("sort");
    const columns = model.get("columns");
    const widths = columns.map((column, i) => {
      // In digits of the page's own font: a name of Fermi's, a coordinate, or the label and the sign of its order.
      const least = Math.max(i === 0 ? 18 : column.numeric ? 9 : 7, Math.min(column.label.length, 16) + 1);
      return `minmax(calc(${least}ch + 22px), ${i === 0 ? 1.5 : 1}fr)`;
    });
    scroller.style.setProperty("--skx-columns", widths.join(" "));
    scroller.setAttribute("aria-colcount", columns.length);
    head.replaceChildren(
      ...columns.map((column, c) => {
        const on = sort.column === c;
        const cell = h(
          "div",
          { role: "columnheader", className: column.numeric ? "skx-num" : "" },
          h("button", { type: "button", title: column.label, onclick: () => tell("sort", { column: c }) }, column.label, on ? (sort.descending ? " ▾" : " ▴") : ""),
        );
        cell.setAttribute("aria-sort", on ? (sort.descending ? "descending" : "ascending") : "none");
        return cell;
      }),
    );
  };

  const undo = [
    follow(model, ["tabs", "active"], () => {
      const tabs = model.get("tabs");
      layer.replaceChildren(...tabs.map((tab) => h("option", { value: tab.name }, tab.name)));
      layer.value = model.get("active");
      const tab = tabs.find((one) => one.name === model.get("active"));
      mark.replaceChildren(...(tab ? [marker(tab.shape, tab.color)] : []));
    }),
    follow(model, ["columns", "sort"], drawHead),
    follow(model, ["count", "sort", "active"], () => {
      count = model.get("count");
      scroller.setAttribute("aria-rowcount", count + 1);
      active = model.get("place");
      asked = "";
      body.style.height = `${height()}px`;
      goTo(top);
    }),
    follow(model, ["window", "chosen"], () => {
      asked = "";
      paint();
    }),
    follow(model, ["place"], () => {
      const place = model.get("place");
      if (place < 0) return;
      active = place;
      reveal(place);
      paint();
    }),
    follow(model, ["counted"], () => (counted.textContent = model.get("counted"))),
    follow(model, ["marked", "only_marked"], () => {
      marked.hidden = !model.get("marked");
      marked.textContent = fill(texts.marked, { n: model.get("marked").toLocaleString("en") });
      marked.setAttribute("aria-pressed", String(model.get("only_marked")));
    }),
    follow(model, ["filter"], () => document.activeElement === filter || (filter.value = model.get("filter"))),
    follow(model, ["complaint"], () => {
      complaint.textContent = model.get("complaint");
      complaint.hidden = !model.get("complaint");
      filter.setAttribute("aria-invalid", String(Boolean(model.get("complaint"))));
    }),
  ];
  const sized = new ResizeObserver(() => goTo(top));
  sized.observe(scroller);
  return () => (sized.disconnect(), clearTimeout(asking), clearTimeout(typing), undo.forEach((fn) => fn()));
}
