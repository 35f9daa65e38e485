// Events, recent and historical: filter, sort; a click opens one.
import { fill, follow, h } from "./dom.js";
import { arrange, button, sign, statusLine } from "./states.js";

export function renderEvents({ model, el, texts, tell }) {
  el.setAttribute("role", "tabpanel");
  el.setAttribute("aria-label", texts.panel);
  const words = h("input", { type: "search", "aria-label": texts.words, title: texts.words, placeholder: texts.words_hint, spellcheck: false, autocomplete: "off", onkeydown: (e) => e.stopPropagation() });
  const menus = ["messenger", "since", "far", "kind", "sort"].map((name) =>
    h("select", { "aria-label": texts[name], title: texts[name], onchange: send }, []),
  );
  const [messenger, since, far, kind, sort] = menus;
  let typing = null;
  words.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(send, 180);
  });
  function send() {
    tell("filter", { words: words.value, messenger: messenger.value, since: since.value, far: far.value, kind: kind.value, sort: sort.value });
  }
  const live = button(texts.live, () => tell("live"));
  const status = statusLine(texts, { again: () => tell("live"), cancel: () => tell("cancel", { name: "" }) });
  const list = h("ul", { className: "skx-eventlist" });
  const note = h("p", { className: "skx-empty" });
  el.append(
    h("div", { className: "skx-filters" }, words, sort, live),
    h("div", { className: "skx-filters skx-menus" }, menus.slice(0, 4)),
    status.root,
    h("div", { className: "skx-rows" }, list, note),
  );
  const items = new Map();
  const undo = [
    follow(model, ["menus"], () => {
      const all = model.get("menus");
      for (const [name, menu] of Object.entries({ messenger, since, far, kind, sort })) {
        const options = all[name] ?? [];
        menu.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
      }
    }),
    follow(model, ["menus", "filter"], () => {
      const filter = model.get("filter");
      if (document.activeElement !== words) words.value = filter.words ?? "";
      for (const [name, menu] of Object.entries({ messenger, since, far, kind, sort })) menu.value = filter[name] ?? "";
    }),
    follow(model, ["status"], () => status.show(model.get("status"))),
    follow(model, ["rows", "states", "note"], () => {
      const states = model.get("states");
      const nodes = model.get("rows").map((row) => {
        const key = JSON.stringify(row);
        const old = items.get(row.key);
        const item = old?.key === key ? old : eventItem(row, key, texts, tell);
        items.set(row.key, item);
        item.update(states[row.name] ?? {});
        return item.root;
      });
      arrange(list, nodes);
      note.textContent = model.get("note");
      note.hidden = !model.get("note");
    }),
  ];
  return () => (clearTimeout(typing), undo.forEach((fn) => fn()));
}

function eventItem(row, key, texts, tell) {
  const state = h("span", { className: "skx-mark-at" });
  const said = h("p", { className: "skx-trouble", hidden: true });
  const open = h(
    "button",
    { type: "button", className: "skx-event", title: row.tip, "aria-label": fill(texts.open, { name: row.name }), onclick: () => tell("open", { name: row.name, source: row.source }) },
    h(
      "span",
      { className: "skx-event-head" },
      h("i", { className: "skx-messenger", "data-messenger": row.messenger, title: row.messenger_name }, row.letter),
      h("b", {}, row.name),
      ...row.tags.map((tag) => h("span", { className: "skx-tag", "data-tag": tag.kind }, tag.text)),
      h("span", { className: "skx-space" }),
      state,
      h("time", {}, row.when),
    ),
    h("span", { className: "skx-event-facts" }, row.facts.map((fact) => h("span", {}, fact))),
  );
  const stop = button(texts.cancel, () => tell("cancel", { name: row.name }), { hidden: true, "aria-label": fill(texts.cancel_open, { name: row.name }) });
  const bar = h("progress", { className: "skx-progress", max: 1, hidden: true, "aria-label": fill(texts.progress, { name: row.name }) });
  const root = h("li", { className: "skx-event-row" }, open, h("div", { className: "skx-event-job" }, bar, stop), said);
  return {
    key,
    root,
    update(now) {
      state.replaceChildren(...(now.state ? [sign(now.state)] : []));
      stop.hidden = bar.hidden = !now.asking;
      if (now.share === null || now.share === undefined) bar.removeAttribute("value");
      else bar.value = now.share;
      said.hidden = !now.said;
      said.replaceChildren(h("b", {}, now.said ?? ""), now.advice ? ` ${now.advice}` : "");
      root.classList.toggle("skx-open", Boolean(now.opened));
    },
  };
}
