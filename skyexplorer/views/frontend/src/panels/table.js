// The rows of a layer. Only those in view are in the page; Python sorts and filters.
import { follow, h, marker } from "./dom.js";

const ROW = 26; // px, as in panels.css
const SPARE = 8;

export function renderTable({ model, el, texts, tell }) {
  const layer = h("select", { "aria-label": texts.layer, title: texts.layer, onchange: () => tell("tab", { name: layer.value }) });
  const mark = h("span", { className: "skx-swatch" });
  const filter = h("input", {
    type: "search",
    placeholder: texts.filter_hint,
    "aria-label": texts.filter,
    spellcheck: false,
    onkeydown: (event) => event.stopPropagation(),
  });
  let typing = null;
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => tell("filter", { text: filter.value }), 180);
  });
  const counted = h("span", { className: "skx-count", role: "status" });
  const complaint = h("p", { className: "skx-complaint", role: "alert" });
  const head = h("div", { className: "skx-tr skx-th", role: "row" });
  const body = h("div", { className: "skx-tbody" });
  const scroller = h(
    "div",
    { className: "skx-scroll", role: "grid", "aria-label": texts.rows, tabIndex: 0 },
    head,
    body,
  );
  el.append(h("div", { className: "skx-head" }, mark, layer, counted, filter), complaint, scroller);

  let order = new Uint32Array();
  let active = -1; // place in `order` that the arrow keys have reached

  const paint = () => {
    const cells = model.get("cells");
    const columns = model.get("columns");
    const selected = new Set(model.get("selected"));
    const first = Math.max(0, Math.floor((scroller.scrollTop - ROW) / ROW) - SPARE);
    const last = Math.min(order.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + SPARE);
    body.style.height = `${order.length * ROW}px`;
    const rows = [];
    for (let place = first; place < last; place++) {
      const row = order[place];
      const tr = h(
        "div",
        {
          className: "skx-tr",
          role: "row",
          "aria-rowindex": place + 2,
          "aria-selected": selected.has(row),
          onclick: () => choose(place),
        },
        columns.map((column, c) =>
          h("div", { role: "gridcell", className: column.numeric ? "skx-num" : "", title: cells[c][row] }, cells[c][row]),
        ),
      );
      tr.setAttribute("aria-selected", String(selected.has(row)));
      tr.style.top = `${place * ROW}px`;
      if (place === active) tr.classList.add("skx-at");
      rows.push(tr);
    }
    body.replaceChildren(...rows);
    if (!order.length) body.replaceChildren(h("p", { className: "skx-empty" }, texts.none));
  };

  const choose = (place) => {
    active = place;
    tell("select", { row: order[place] });
    paint();
  };

  const reveal = (place) => {
    const top = place * ROW;
    const height = scroller.clientHeight - ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + height) scroller.scrollTop = top - height / 2;
  };

  scroller.addEventListener("scroll", paint);
  scroller.addEventListener("keydown", (event) => {
    if (event.target !== scroller) return; // Enter on a column head sorts
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (event.key in steps && order.length) {
      active = Math.min(order.length - 1, Math.max(0, active + steps[event.key]));
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
    follow(model, ["order", "cells"], () => {
      const bytes = model.get("order");
      order = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      scroller.setAttribute("aria-rowcount", order.length + 1);
      active = -1;
      paint();
    }),
    follow(model, ["selected"], () => {
      const [row] = model.get("selected");
      const place = row === undefined ? -1 : order.indexOf(row);
      if (place >= 0) {
        active = place;
        reveal(place);
      }
      paint();
    }),
    follow(model, ["counted"], () => (counted.textContent = model.get("counted"))),
    follow(model, ["filter"], () => document.activeElement === filter || (filter.value = model.get("filter"))),
    follow(model, ["complaint"], () => {
      complaint.textContent = model.get("complaint");
      complaint.hidden = !model.get("complaint");
    }),
  ];
  const sized = new ResizeObserver(paint);
  sized.observe(scroller);
  return () => (sized.disconnect(), undo.forEach((fn) => fn()));
}
