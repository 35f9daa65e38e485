// A plot: its head is made of the controls that Python names, its figure is Bokeh's.
import { figureIn, idOf } from "./bokeh.js";
import { dot } from "./curve.js";
import { follow, h } from "./dom.js";
import { stepping } from "./stepping.js";
import { twin } from "./twin.js";

let made = 0;

// One control; `set` is called with its new value.
function control({ name, kind, label, text, value, options, least, most }, set) {
  if (kind === "toggle")
    return h("button", { type: "button", className: "skx-toggle", "aria-label": label, title: label, "aria-pressed": String(value), onclick: () => set(name, !value) }, text);
  if (kind === "select") {
    const select = h("select", { "aria-label": label, title: label, onchange: () => set(name, select.value) });
    select.append(...options.map((option) => h("option", { value: option, selected: option === value }, option)));
    return select;
  }
  if (kind === "number") {
    const input = h("input", { type: "number", className: "skx-bins", "aria-label": label, title: label, min: least, max: most, placeholder: text, value: value || "" });
    input.addEventListener("change", () => set(name, Math.min(Math.max(Math.round(Number(input.value) || 0), least), most)));
    return input;
  }
  // A column: one of the list, or any expression of columns.
  const list = h("datalist", { id: `skx-columns-${(made += 1)}` }, ...options.map((option) => h("option", { value: option })));
  const input = h("input", { type: "text", className: "skx-column", list: list.id, "aria-label": label, title: label, value, spellcheck: false, autocomplete: "off" });
  // The browser offers only what begins with the text that is there: all of it, where somebody wants another.
  input.addEventListener("focus", () => input.select());
  let told = value;
  const commit = () => {
    const text = input.value.trim();
    if (!text || text === told) return;
    told = text;
    set(name, text);
  };
  input.addEventListener("change", commit);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.stopPropagation(); // the notebook has its own meaning for it
    commit();
  });
  return h("span", { className: "skx-column-of" }, input, list);
}

export function renderPlot({ model, el, texts, tell }) {
  el.classList.add(`skx-plot-${model.get("tab")}`);
  const title = h("h2");
  const controls = h("span", { className: "skx-controls" });
  const marked = h("button", { type: "button", className: "skx-chip", "aria-label": texts.unmark, title: texts.unmark, onclick: () => tell("unmark") });
  const keys = h("span", { className: "skx-keys-line" });
  const note = h("span", { className: "skx-sub", role: "status" });
  const more = h("button", { type: "button", className: "skx-summary", "aria-expanded": "false", onclick: () => open(list.hidden) });
  const list = h("div", { className: "skx-answers skx-more", role: "list", hidden: true, tabIndex: -1 });
  const open = (on) => {
    list.hidden = !on;
    more.setAttribute("aria-expanded", String(on));
  };
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    open(false);
    event.preventDefault();
  });
  const complaint = h("p", { className: "skx-complaint", role: "alert" });
  const message = h("p", { className: "skx-message", role: "status" });
  const plot = h("div", { className: "skx-plot", role: "figure", "aria-label": texts.plot });
  const steps = { histogram: false, scatter: true }; // whether up and down too
  const upwards = steps[model.get("tab")];
  if (upwards !== undefined) stepping(plot, { model, tell, texts, off: () => tell("unmark"), upwards });
  const table = twin({ model, texts, tell }, el);
  el.append(h("div", { className: "skx-head" }, title, controls, keys, note, h("span", { className: "skx-space" }), more, marked, table.button), complaint, message, plot, table.root, table.pages, list);
  const figure = figureIn(plot, { model, texts, tell, source: () => model.widget_manager.get_model(idOf(model.get("bokeh"))) });
  const set = (name, value) => tell("set", { name, value });
  const undo = [
    table.undo,
    follow(model, ["title"], () => {
      title.textContent = model.get("title");
      title.hidden = !model.get("title");
    }),
    follow(model, ["controls"], () => {
      const at = [...controls.children].findIndex((child) => child.contains(document.activeElement));
      controls.replaceChildren(...model.get("controls").map((one) => control(one, set)));
      controls.hidden = !model.get("controls").length;
      const again = controls.children[at];
      (again?.querySelector("input") ?? again)?.focus();
    }),
    follow(model, ["legend"], () => {
      keys.replaceChildren(...model.get("legend").map(({ label, color, marker }) => h("span", { className: "skx-key" }, dot(marker, color), label)));
      keys.hidden = !model.get("legend").length;
    }),
    follow(model, ["note"], () => (note.textContent = note.title = model.get("note"))),
    follow(model, ["more", "more_label"], () => {
      more.hidden = !model.get("more").length;
      more.replaceChildren(h("span", {}, model.get("more_label")), h("span", { "aria-hidden": "true" }, "▾"));
      list.replaceChildren(...model.get("more").map((text) => h("div", { role: "listitem", className: "skx-more-line" }, text)));
      if (more.hidden) open(false);
    }),
    follow(model, ["marked"], () => {
      marked.textContent = `${model.get("marked")} ✕`;
      marked.hidden = !model.get("marked");
    }),
    follow(model, ["complaint"], () => {
      complaint.textContent = model.get("complaint");
      complaint.hidden = !model.get("complaint");
    }),
    follow(model, ["message", "has_data"], () => {
      const text = model.get("message") || (model.get("has_data") ? "" : texts.none);
      message.textContent = text;
      message.hidden = !text;
      el.classList.toggle("skx-nodata", !model.get("has_data"));
    }),
    follow(model, ["child"], figure.show),
  ];
  return () => (figure.remove(), undo.forEach((fn) => fn()));
}
