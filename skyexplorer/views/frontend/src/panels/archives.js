// Archives: ask services about the view or a drawn region; what is there; search the registry; images.
import { ICON, fill, follow, h, iconButton } from "./dom.js";
import { arrange, button, renew, sign, statusLine, trouble } from "./states.js";

const MODES = ["services", "field", "registry", "images"];
const still = (event) => event.stopPropagation(); // the notebook has shortcuts on plain letters

export function renderArchives({ model, el, texts, tell }) {
  el.setAttribute("role", "tabpanel");
  el.setAttribute("aria-label", texts.panel);
  const bodies = {
    services: servicesBody(model, texts, tell),
    field: fieldBody(model, texts, tell),
    registry: registryBody(model, texts, tell),
    images: imagesBody(model, texts, tell),
  };
  const tabs = MODES.map((name) =>
    h("button", { type: "button", role: "tab", className: "skx-mode", onclick: () => tell("mode", { name }) }, texts[`mode_${name}`]),
  );
  const strip = h("div", { className: "skx-modes", role: "tablist", "aria-label": texts.modes }, tabs);
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(document.activeElement);
    if (at < 0 || !step) return;
    const next = (at + step + MODES.length) % MODES.length;
    tabs[next].focus();
    tell("mode", { name: MODES[next] });
    event.preventDefault();
    event.stopPropagation();
  });
  const offline = h("p", { className: "skx-offline", role: "status" }, texts.offline);
  const where = whereBar(model, texts, tell);
  el.append(where.root, offline, strip, ...MODES.map((name) => bodies[name].root));
  const unfollow = follow(model, ["offline"], () => (offline.hidden = !model.get("offline")));
  const undo = follow(model, ["mode"], () => {
    MODES.forEach((name, i) => {
      const on = name === model.get("mode");
      tabs[i].setAttribute("aria-selected", String(on));
      tabs[i].tabIndex = on ? 0 : -1;
      bodies[name].root.hidden = !on;
    });
  });
  return () => (undo(), unfollow(), where.undo(), MODES.forEach((name) => bodies[name].undo()));
}

// What is asked about: the view, or the region that was drawn.
function whereBar(model, texts, tell) {
  const view = h("button", { type: "button", className: "skx-place", onclick: () => tell("within", { value: "view" }) });
  const region = h("button", { type: "button", className: "skx-place", onclick: () => tell("within", { value: "region" }) });
  const circle = iconButton(ICON.circle, texts.circle, () => tell("tool", { name: model.get("tool") === "circle" ? "" : "circle" }));
  const polygon = iconButton(ICON.polygon, texts.polygon, () => tell("tool", { name: model.get("tool") === "polygon" ? "" : "polygon" }));
  const clear = iconButton(ICON.remove, texts.clear_region, () => tell("clear_region"));
  const lead = h("span", { className: "skx-soft" }, texts.ask_in);
  const bar = h(
    "div",
    { className: "skx-where", role: "group", "aria-label": texts.where },
    lead, view, region, h("span", { className: "skx-space" }), circle, polygon, clear,
  );
  const undo = follow(model, ["within", "view", "region", "tool"], () => {
    const inside = model.get("within") === "region";
    const drawn = model.get("region");
    view.textContent = fill(texts.view, { size: model.get("view") });
    region.textContent = fill(texts.region, { size: drawn });
    region.hidden = !drawn;
    lead.hidden = Boolean(drawn); // two places speak for themselves, and need the room
    clear.hidden = !drawn;
    view.setAttribute("aria-pressed", String(!inside));
    region.setAttribute("aria-pressed", String(inside));
    circle.setAttribute("aria-pressed", String(model.get("tool") === "circle"));
    polygon.setAttribute("aria-pressed", String(model.get("tool") === "polygon"));
  });
  return { root: bar, undo };
}

// (a) the services of the table

function servicesBody(model, texts, tell) {
  const words = search(texts.filter_services, texts.filter_services_hint);
  const band = h("select", { "aria-label": texts.which, title: texts.which });
  const list = h("ul", { className: "skx-services" });
  const none = h("p", { className: "skx-empty" }, texts.no_services);
  const scroller = h("div", { className: "skx-rows" }, list, none);
  const root = h("div", { className: "skx-body" }, h("div", { className: "skx-filters" }, words, band), scroller);
  const items = new Map();
  const heads = new Map();
  let asked = []; // stand first; as they were when the list was last laid out, so that no row jumps from under the pointer

  const layOut = () => {
    const states = model.get("states");
    asked = model.get("services").filter((row) => states[row.id]).map((row) => row.id);
    draw();
  };
  const draw = () => {
    const services = model.get("services");
    const states = model.get("states");
    const wanted = words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const shown = services.filter(
      (row) =>
        (!band.value || `band ${row.band}` === band.value || `messenger ${row.messenger}` === band.value) &&
        wanted.every((word) => row.search.includes(word)),
    );
    const nodes = [];
    let last = null;
    const first = shown.filter((row) => asked.includes(row.id));
    for (const row of [...first, ...shown.filter((row) => !asked.includes(row.id))]) {
      const group = asked.includes(row.id) ? texts.asked : row.band;
      if (group !== last) {
        if (!heads.has(group)) heads.set(group, h("li", { className: "skx-band" }, h("h3", {}, group)));
        nodes.push(heads.get(group));
        last = group;
      }
      if (!items.has(row.id)) items.set(row.id, serviceItem(row, texts, tell));
      const item = items.get(row.id);
      item.update(states[row.id] ?? {});
      nodes.push(item.root);
    }
    arrange(list, nodes);
    none.hidden = shown.length > 0;
    none.textContent = model.get("services_failed") || (services.length ? texts.no_match : texts.no_services);
  };
  words.addEventListener("input", layOut);
  band.addEventListener("change", layOut);
  const undo = [
    follow(model, ["services", "services_failed"], () => {
      const chosen = band.value;
      const groups = ["band", "messenger"].map((key) => {
        const names = [...new Set(model.get("services").map((row) => row[key]))];
        return h("optgroup", { label: texts[key] }, names.map((name) => h("option", { value: `${key} ${name}` }, name)));
      });
      band.replaceChildren(h("option", { value: "" }, texts.all_services), ...groups);
      band.value = [...band.options].some((option) => option.value === chosen) ? chosen : "";
      items.clear();
      heads.clear();
      layOut();
    }),
    follow(model, ["mode"], layOut),
    follow(model, ["states"], draw),
  ];
  return { root, undo: () => undo.forEach((fn) => fn()) };
}

function serviceItem(row, texts, tell) {
  const mark = h("span", { className: "skx-mark-at" });
  const said = h("span", { className: "skx-service-said", role: "status" });
  const facts = h("p", { className: "skx-service-facts" }, mark, said, row.facts, " · ", h("span", { className: row.verified ? "" : "skx-unverified" }, row.check));
  const bar = h("progress", { className: "skx-progress", max: 1, "aria-label": fill(texts.progress, { name: row.title }) });
  const wrong = h("div", {});
  const tip = h("div", { className: "skx-origin", hidden: true }, row.tip.map((line) => h("div", {}, line)));
  const info = iconButton(ICON.info, fill(texts.about, { name: row.title }), () => {
    tip.hidden = !tip.hidden;
    info.setAttribute("aria-expanded", String(!tip.hidden));
  });
  info.setAttribute("aria-expanded", "false");
  const ask = button(texts.ask, () => tell("ask", { id: row.id }), { "aria-label": fill(texts.ask_service, { name: row.title }) });
  const stop = button(texts.cancel, () => tell("cancel", { id: row.id }), { "aria-label": fill(texts.cancel_service, { name: row.title }) });
  const more = button(texts.more, () => tell("more", { id: row.id }), { "aria-label": fill(texts.more_of, { name: row.title }) });
  const name = h("span", { className: "skx-service-name", title: row.tip.join("\n") }, row.title);
  const root = h(
    "li",
    { className: "skx-service" },
    h("div", { className: "skx-service-head" }, name, info, more, stop, ask),
    facts, bar, wrong, tip,
  );
  let last = "";
  return {
    root,
    update(state) {
      const key = JSON.stringify(state);
      if (key === last) return;
      last = key;
      const focused = [ask, stop, more].find((one) => one === document.activeElement);
      const asking = state.asking ?? false;
      mark.replaceChildren(...(state.state ? [sign(state.state)] : []));
      root.dataset.state = state.state ?? "";
      said.textContent = state.text ?? "";
      said.title = state.title ?? "";
      ask.hidden = asking || state.more;
      stop.hidden = !asking;
      more.hidden = asking || !state.more;
      // What had the focus may be hidden now: it goes to what has come in its place.
      if (focused?.hidden) [stop, more, ask].find((one) => !one.hidden)?.focus({ preventScroll: true });
      bar.hidden = !asking;
      if (state.share === null || state.share === undefined) bar.removeAttribute("value");
      else bar.value = state.share;
      wrong.replaceChildren(...(state.said ? [trouble(state.said, state.advice)] : []));
    },
  };
}

// (b) what is here: missions and bands, counts

function fieldBody(model, texts, tell) {
  const ask = button(texts.ask_field, () => tell("field"));
  const about = h("span", { className: "skx-soft" });
  const status = statusLine(texts, { again: () => tell("field"), cancel: () => tell("cancel", { id: "field" }) });
  const list = h("ul", { className: "skx-holdings" });
  const root = h("div", { className: "skx-body" }, h("div", { className: "skx-filters" }, ask, about), status.root, h("div", { className: "skx-rows" }, list));
  const undo = follow(model, ["field"], () => {
    const { rows = [], about: asked = "", status: now = {} } = model.get("field");
    about.textContent = asked;
    status.show(now);
    const nodes = [];
    let last = null;
    const most = Math.max(1, ...rows.map((row) => Math.log10(row.count + 1)));
    for (const row of rows) {
      if (row.group !== last) nodes.push(h("li", { className: "skx-band" }, h("h3", {}, row.group)));
      last = row.group;
      const bar = h("span", { className: "skx-bar", "aria-hidden": "true" });
      bar.style.setProperty("--share", String(row.count ? 0.04 + (0.96 * Math.log10(row.count + 1)) / most : 0));
      nodes.push(
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", className: "skx-holding", "data-key": `h${row.row}`, disabled: !row.can, title: row.tip, onclick: () => tell("bring", { row: row.row }) },
            h("span", { className: "skx-holding-name" }, row.title, row.kind ? h("span", { className: "skx-holding-kind" }, row.kind) : null),
            bar,
            h("span", { className: `skx-num${row.estimate ? " skx-soft" : ""}` }, row.state ? sign(row.state) : null, row.text),
          ),
        ),
      );
    }
    renew(list, nodes);
  });
  return { root, undo };
}

// (c) the registry

function registryBody(model, texts, tell) {
  const words = search(texts.words, texts.words_hint);
  const band = h("select", { "aria-label": texts.waveband, title: texts.waveband });
  const ucd = h("input", { type: "search", "aria-label": texts.ucd, title: texts.ucd, placeholder: texts.ucd_hint, spellcheck: false, onkeydown: still });
  const here = h("input", { type: "checkbox", "aria-label": texts.covering });
  const go = button(texts.search, () => {}, { type: "submit" });
  const form = h(
    "form",
    { className: "skx-search", role: "search", "aria-label": texts.mode_registry },
    words, go,
    h("div", { className: "skx-search-more" }, band, ucd, h("label", {}, here, texts.covering)),
  );
  const send = () => tell("search", { words: words.value, waveband: band.value, ucd: ucd.value, covering: here.checked });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  for (const box of [words, ucd])
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      send();
    });
  const status = statusLine(texts, { again: send, cancel: () => tell("cancel", { id: "registry" }) });
  const list = h("ul", { className: "skx-results" });
  const root = h("div", { className: "skx-body" }, form, status.root, h("div", { className: "skx-rows" }, list));
  const undo = follow(model, ["registry"], () => {
    const { rows = [], bands = [], status: now = {}, question = {} } = model.get("registry");
    if (band.options.length !== bands.length + 1) {
      const chosen = band.value;
      band.replaceChildren(h("option", { value: "" }, texts.all_bands), ...bands.map((name) => h("option", { value: name }, name)));
      band.value = chosen || question.waveband || "";
    }
    if (document.activeElement !== words && question.words !== undefined) words.value = question.words;
    status.show(now);
    renew(list, rows.map((row) => resultItem(row, texts, tell)));
  });
  return { root, undo };
}

function resultItem(row, texts, tell) {
  const about = h("div", { className: "skx-preview", hidden: !row.open });
  if (row.open) {
    about.append(
      ...(row.description ? [h("p", {}, row.description)] : []),
      ...(row.tables ?? []).map((table) =>
        h(
          "div",
          { className: "skx-preview-table" },
          table.name ? h("div", { className: "skx-preview-head" }, table.name) : null,
          h(
            "table",
            {},
            h("tbody", {}, table.columns.map((c) => h("tr", {}, h("td", {}, c.name), h("td", { className: "skx-soft" }, c.unit), h("td", { className: "skx-soft", title: c.ucd }, c.description || c.ucd)))),
          ),
        ),
      ),
      ...(row.note ? [h("p", {}, row.note)] : []),
      ...(row.said ? [trouble(row.said, row.advice)] : []),
      ...(row.asking ? [h("p", { className: "skx-soft" }, sign("asking"), " ", texts.asking_columns)] : []),
    );
  }
  return h(
    "li",
    { className: "skx-result" },
    h(
      "div",
      { className: "skx-service-head" },
      h(
        "button",
        { type: "button", className: "skx-result-name", "data-key": `r${row.row}`, "aria-expanded": String(row.open), title: row.tip, onclick: () => tell("preview", { row: row.row }) },
        h("span", { className: "skx-caret", "aria-hidden": "true" }, row.open ? "▾" : "▸"),
        row.title,
      ),
      row.askable ? button(texts.add, () => tell("add", { row: row.row }), { "data-key": `a${row.row}`, "aria-label": fill(texts.add_of, { name: row.title }) }) : null,
    ),
    h("p", { className: "skx-service-facts" }, row.facts),
    about,
  );
}

// (d) images

function imagesBody(model, texts, tell) {
  const ask = button(texts.ask_images, () => tell("images"));
  const show = h("label", { className: "skx-check" });
  const box = h("input", { type: "checkbox", "aria-label": texts.footprints, onchange: () => tell("footprints", { on: box.checked }) });
  show.append(box, ` ${texts.footprints}`);
  const status = statusLine(texts, { again: () => tell("images"), cancel: () => tell("cancel", { id: "images" }) });
  const list = h("ul", { className: "skx-results" });
  const root = h("div", { className: "skx-body" }, h("div", { className: "skx-filters" }, ask, show), status.root, h("div", { className: "skx-rows" }, list));
  const undo = follow(model, ["images"], () => {
    const { rows = [], status: now = {}, footprints = true } = model.get("images");
    box.checked = footprints;
    show.hidden = !rows.length;
    status.show(now);
    renew(
      list,
      rows.map((row) =>
        h(
          "li",
          { className: `skx-result${row.chosen ? " skx-chosen" : ""}` },
          h(
            "div",
            { className: "skx-service-head" },
            h("button", { type: "button", className: "skx-result-name", "data-key": `i${row.row}`, "aria-pressed": String(row.chosen), title: row.tip, onclick: () => tell("outline", { row: row.row }) }, row.title),
            button(texts.cutout, () => tell("cutout", { row: row.row }), { "data-key": `c${row.row}`, "aria-label": fill(texts.cutout_of, { name: row.title }) }),
          ),
          h("p", { className: "skx-service-facts" }, row.facts),
          row.state ? h("p", { className: "skx-statusline" }, sign(row.state), h("span", { className: row.said ? "skx-said" : "" }, row.said || row.text), row.advice ? h("span", { className: "skx-advice" }, ` ${row.advice}`) : null) : null,
        ),
      ),
    );
  });
  return { root, undo };
}

function search(label, hint) {
  return h("input", { type: "search", "aria-label": label, title: label, placeholder: hint, spellcheck: false, autocomplete: "off", onkeydown: still });
}
