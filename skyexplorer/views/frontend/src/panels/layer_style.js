// The style editor of a catalogue: colour, size, marker and label by a column or an expression, and what they mean.
import { legendParts } from "../sky/legend_parts.js";
import { fill, h, iconButton } from "./dom.js";

const BRUSH = ["M13.500 2.500C10.500 4 7.600 6.400 6.200 8.700l1.700 1.700c2.300-1.400 4.400-4.500 5.600-7.900z", "M5.400 9.700c-1.500.2-1.900 1.300-2 2.300-.1.900-.5 1.300-1.100 1.600 1.600.5 4.400.1 4.700-2.200"];
const OWN = "\u0000expression"; // of a choice: none of the columns

export function styleEditor(name, texts, tell) {
  const words = texts.style_of;
  const change = (looks) => tell("style", { name, looks });
  const fields = {
    color: byField("color", { words, change, kinds: "both", none: words.none }),
    size: byField("size", { words, change, kinds: "numbers", none: words.none }),
    shape: byField("shape", { words, change, kinds: "both", none: words.none }),
    label: byField("label", { words, change, kinds: "both", none: words.nothing }),
    first: byField("first", { words, change, kinds: "numbers", none: words.auto }),
  };
  const scales = { color: scaleLine("color", words, change, texts.maps), size: scaleLine("size", words, change, null) };
  const direction = h("button", {
    type: "button",
    className: "skx-toggle",
    "aria-label": words.direction,
    title: words.direction,
    onclick: () => change({ first_descending: !descending, first_by: fields.first.value() || automatic }),
  });
  let descending = true;
  let automatic = "";
  fields.first.line.append(direction);
  const switches = Object.fromEntries(
    ["errors", "motion", "density"].map((key) => [
      key,
      h(
        "button",
        { type: "button", className: "skx-toggle", title: words[`${key}_help`], onclick: () => change({ [key]: switches[key].getAttribute("aria-pressed") !== "true" }) },
        words[key],
      ),
    ]),
  );
  const plain = h("button", { type: "button", className: "skx-act", title: words.plain_help, onclick: () => change({ plain: true }) }, words.plain);
  const complaint = h("p", { className: "skx-style-complaint", role: "alert", hidden: true });
  const editor = h(
    "div",
    { className: "skx-style", role: "group", "aria-label": fill(texts.style, { name }), hidden: true },
    fields.color.root,
    scales.color.root,
    fields.size.root,
    scales.size.root,
    fields.shape.root,
    fields.label.root,
    fields.first.root,
    h("div", { className: "skx-style-line skx-style-switches" }, h("span", { className: "skx-style-what" }), Object.values(switches), h("span", { className: "skx-space" }), plain),
    complaint,
  );
  const legend = h("div", { className: "skx-legend skx-style-legend", hidden: true });
  const button = iconButton(BRUSH, fill(texts.style, { name }), () => {
    editor.hidden = !editor.hidden;
    button.setAttribute("aria-expanded", String(!editor.hidden));
    button.setAttribute("aria-pressed", String(!editor.hidden));
  });
  button.setAttribute("aria-expanded", "false");
  button.hidden = true;

  let shown = "";
  return {
    button,
    editor,
    legend,
    update(style, wrong) {
      button.hidden = !style;
      complaint.textContent = wrong ?? "";
      complaint.hidden = !wrong;
      const key = JSON.stringify(style ?? null);
      if (!style || key === shown) return;
      shown = key;
      const { looks } = style;
      automatic = style.first;
      descending = style.descending;
      for (const [what, field] of Object.entries(fields)) field.update(looks[`${what}_by`], style);
      if (style.first && !looks.first_by) fields.first.rename(fill(words.auto_by, { column: style.first }));
      scales.color.update(looks, style.ends.color);
      scales.size.update(looks, style.ends.size);
      direction.textContent = descending ? words.largest : words.smallest;
      direction.hidden = !style.first;
      for (const [what, element] of Object.entries(switches)) {
        element.setAttribute("aria-pressed", String(looks[what]));
        element.hidden = what === "motion" ? !style.motion : what === "errors" ? !style.errors : false;
      }
      plain.hidden = style.plain;
      legend.replaceChildren(...legendParts(style.legend, words));
      legend.hidden = !legend.childElementCount;
    },
  };
}

// One "… by": a choice of columns, and a field for an expression where none of them is meant.
function byField(what, { words, change, kinds, none }) {
  const label = words[what];
  const by = fill(words.by, { what: label });
  const select = h("select", { "aria-label": by, title: what === "first" ? words.first_help : by });
  const own = h("input", {
    type: "text",
    className: "skx-style-own",
    "aria-label": `${by}: ${words.expression}`,
    title: words.expression_help,
    placeholder: "log10(flux)",
    spellcheck: false,
    autocomplete: "off",
    hidden: true,
    onkeydown: (event) => event.stopPropagation(),
  });
  const key = `${what}_by`;
  let now = "";
  select.addEventListener("change", () => {
    own.hidden = select.value !== OWN;
    if (own.hidden) change({ [key]: select.value });
    else own.focus();
  });
  own.addEventListener("change", () => change({ [key]: own.value }));
  const line = h("div", { className: "skx-style-line" }, h("span", { className: "skx-style-what" }, label), select);
  const root = h("div", {}, line, own);
  return {
    root,
    line,
    value: () => now,
    rename: (text) => (select.options[0].textContent = text),
    update(value, style) {
      now = value;
      const group = (title, columns) => (columns.length ? h("optgroup", { label: title }, columns.map((column) => h("option", { value: column }, column))) : null);
      select.replaceChildren(
        ...[
          h("option", { value: "" }, none),
          what === "label" && !style.texts.includes("name") ? h("option", { value: "name" }, "name") : null,
          group(words.numbers, style.numbers),
          kinds === "both" ? group(words.categories, style.texts) : null,
          h("option", { value: OWN }, words.expression),
        ].filter(Boolean),
      );
      const column = value === "" || [...select.options].some((option) => option.value === value);
      select.value = column ? value : OWN;
      own.hidden = column;
      if (document.activeElement !== own) own.value = column ? "" : value;
    },
  };
}

// The scale of numbers: colour map, logarithm, and the values at both ends.
function scaleLine(what, words, change, maps) {
  const label = words[what];
  const end = (text) =>
    h("input", { type: "text", inputMode: "decimal", className: "skx-style-end", "aria-label": fill(text, { what: label }), title: fill(text, { what: label }), onkeydown: (event) => event.stopPropagation() });
  const low = end(words.low);
  const high = end(words.high);
  const log = h("button", { type: "button", className: "skx-toggle", "aria-label": fill(words.log_of, { what: label }), title: fill(words.log_of, { what: label }) }, words.log);
  log.addEventListener("click", () => change({ [`${what}_log`]: log.getAttribute("aria-pressed") !== "true", [`${what}_range`]: null }));
  let ends = ["", ""];
  const ranged = () => {
    // An end that is left empty is the column's own; with both empty there is no range.
    if (!low.value.trim() && !high.value.trim()) return change({ [`${what}_range`]: null });
    const values = [low, high].map((input, i) => Number(input.value.trim() || ends[i]));
    change({ [`${what}_range`]: values.map((value) => (Number.isFinite(value) ? value : null)) });
  };
  low.addEventListener("change", ranged);
  high.addEventListener("change", ranged);
  const bar = h("span", { className: "skx-style-bar" });
  const map = maps
    ? h("select", { "aria-label": words.map, title: words.map, onchange: () => change({ color_map: map.value }) }, Object.keys(maps).map((each) => h("option", { value: each }, each)))
    : null;
  const root = h(
    "div",
    { className: "skx-style-scale", hidden: true },
    map ? h("div", { className: "skx-style-line" }, h("span", { className: "skx-style-what" }), map, bar) : null,
    h("div", { className: "skx-style-line" }, h("span", { className: "skx-style-what" }), low, h("span", { className: "skx-soft" }, "–"), high, log),
  );
  return {
    root,
    update(looks, found) {
      root.hidden = !found;
      if (!found) return;
      ends = found;
      const given = looks[`${what}_range`];
      [low, high].forEach((input, i) => {
        input.placeholder = found[i];
        if (document.activeElement !== input) input.value = given ? found[i] : "";
      });
      log.setAttribute("aria-pressed", String(looks[`${what}_log`]));
      if (!map) return;
      map.value = looks.color_map;
      bar.style.background = `linear-gradient(to right, ${maps[looks.color_map]})`;
    },
  };
}
