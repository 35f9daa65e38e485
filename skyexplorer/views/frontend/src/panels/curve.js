// The light curve: BokehJS is started from the text that Python sent, then the figure's own view is put here.
// Above it a row of what the archives answered, where they were asked.
import { figureIn } from "./bokeh.js";
import { follow, h, svg } from "./dom.js";
import { sign } from "./states.js";
import { stepping } from "./stepping.js";
import { twin } from "./twin.js";

// One provider: a sign, its name, its answer in a word, and all of it.
function answer({ title, state, word, told }) {
  return h(
    "div",
    { className: "skx-answer", role: "listitem", "data-state": state },
    sign(state === "none" || state === "skipped" ? "cancelled" : state),
    h("b", {}, title),
    h("span", { className: "skx-word" }, word),
    h("span", { className: "skx-told" }, told),
  );
}

// Whose curves, and the look of each of their bands.
function entry({ whose, items, note }) {
  const bands = items.map(({ label, color, marker: shape }) => h("span", { className: "skx-key" }, dot(shape, color), label));
  return h("span", { className: "skx-entry" }, whose ? h("b", {}, whose) : null, ...bands, note);
}

// The markers of Bokeh, as they are drawn in the figures.
const SHAPES = {
  circle: "M8 3.500a4.500 4.500 0 1 1 0 9a4.500 4.500 0 1 1 0 -9z",
  square: "M4 4h8v8h-8z",
  diamond: "M8 2.500l4 5.500l-4 5.500l-4-5.500z",
  triangle: "M8 3l5 9h-10z",
  inverted_triangle: "M8 13l5-9h-10z",
  star: "M8 2l1.800 4.100 4.500.4-3.400 3 1 4.400L8 11.600l-3.900 2.300 1-4.400-3.400-3 4.500-.4z",
  plus: "M8 3v10M3 8h10",
  x: "M4 4l8 8M12 4l-8 8",
};
export const dot = (shape, color) => svg(SHAPES[shape] ?? SHAPES.circle, { size: 11, stroke: color, fill: color, width: 1.8 });

export function renderCurve({ model, el, texts, tell }) {
  const title = h("h2", {}, texts.panel);
  const subtitle = h("span", { className: "skx-sub" });
  const range = h("button", { type: "button", className: "skx-chip", "aria-label": texts.clear, title: texts.clear, onclick: () => tell("clear") });
  const log = h("button", { type: "button", className: "skx-toggle", "aria-label": texts.log, title: texts.log, onclick: () => tell("log", { on: !model.get("log_y") }) }, "log");
  const ask = h("button", { type: "button", className: "skx-act skx-ask", onclick: () => tell(model.get("asking") ? "stop" : "ask") }, texts.ask);
  const legend = h("div", { className: "skx-keys", role: "group", "aria-label": texts.legend });
  const summary = h("button", { type: "button", className: "skx-summary", title: texts.answers, "aria-expanded": "false", onclick: () => open(answers.hidden) });
  const answers = h("div", { className: "skx-answers", role: "list", "aria-label": texts.answers, hidden: true, tabIndex: -1 });
  const open = (on) => {
    answers.hidden = !on;
    summary.setAttribute("aria-expanded", String(on));
  };
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || answers.hidden) return;
    open(false);
    event.preventDefault();
  });
  const message = h("p", { className: "skx-message", role: "status" });
  const plot = h("div", { className: "skx-plot", role: "figure", "aria-label": texts.plot });
  stepping(plot, { model, tell, texts, off: () => tell("clear") });
  const table = twin({ model, texts, tell }, el);
  el.append(
    h("div", { className: "skx-head" }, title, subtitle, h("span", { className: "skx-space" }), range, summary, ask, table.button, log),
    legend,
    message,
    plot,
    table.root,
    table.pages,
    answers,
  );

  const figure = figureIn(plot, { model, source: async () => model, texts, tell });
  const show = () => figure.show();
  // The sky is painted first: BokehJS waits for a curve, or for the page to have nothing else to do.
  let begun = false;
  const begin = () => {
    if (begun) show();
    else if (model.get("has_data")) {
      begun = true;
      show();
    }
  };
  const idle = setTimeout(() => {
    if (begun) return;
    begun = true;
    show();
  }, 2500);
  const undo = [
    () => clearTimeout(idle),
    table.undo,
    follow(model, ["child"], begin),
    follow(model, ["has_data"], () => begun || begin()),
    follow(model, ["title"], () => (title.textContent = model.get("title") || texts.panel)),
    follow(model, ["subtitle"], () => (subtitle.textContent = subtitle.title = model.get("subtitle"))),
    follow(model, ["message", "has_data"], () => {
      const text = model.get("message") || (model.get("has_data") ? "" : texts.nothing);
      message.textContent = text;
      message.hidden = !text;
      el.classList.toggle("skx-nodata", !model.get("has_data"));
    }),
    follow(model, ["brushed"], () => {
      range.textContent = `${model.get("brushed")} ✕`;
      range.hidden = !model.get("brushed");
    }),
    follow(model, ["log_y"], () => log.setAttribute("aria-pressed", String(model.get("log_y")))),
    follow(model, ["askable", "asking", "answers", "summary"], () => {
      const rows = model.get("answers");
      ask.hidden = !model.get("askable");
      ask.textContent = model.get("asking") ? texts.stop : rows.length ? texts.again : texts.ask;
      summary.hidden = !rows.length;
      summary.replaceChildren(...(model.get("asking") ? [sign("asking")] : []), h("span", {}, model.get("summary")), h("span", { "aria-hidden": "true" }, "▾"));
      if (!rows.length) open(false);
      answers.replaceChildren(...rows.map(answer));
    }),
    follow(model, ["legend"], () => {
      legend.replaceChildren(...model.get("legend").map(entry));
      legend.hidden = !model.get("legend").length;
      subtitle.hidden = !legend.hidden; // the legend says whose they are
    }),
    follow(model, ["pane_count"], () => plot.style.setProperty("--skx-panes", model.get("pane_count"))),
  ];
  return () => (figure.remove(), undo.forEach((fn) => fn()));
}
