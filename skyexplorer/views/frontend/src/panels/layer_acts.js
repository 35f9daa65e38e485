// What can be done with a map, or with regions: choose the region; by a map, rank the sources of a catalogue.
import { fill, h } from "./dom.js";

export function layerActs(name, texts, tell) {
  const called = (button, text, values) => {
    button.title = fill(text, values);
    button.setAttribute("aria-label", button.title);
  };
  const region = h("button", { type: "button", className: "skx-do", onclick: () => tell("region", { name }) }, texts.region);
  called(region, texts.region_of, { name });
  const ranked = fill(texts.ranked, { name });
  const which = h("select", { "aria-label": ranked, title: ranked, onchange: () => choose() });
  const rank = h("button", { type: "button", className: "skx-do", onclick: () => tell("rank", { name, catalogue: which.value }) }, texts.rank);
  const choose = () => called(rank, texts.rank_by, { name, catalogue: which.value });
  const ranking = h("span", { className: "skx-ranking" }, which, rank);
  const root = h("div", { className: "skx-layer-acts" }, region, ranking);
  let drawn = "";
  return {
    root,
    update(acts, catalogues) {
      ranking.hidden = !acts.includes("rank") || !catalogues.length;
      if (drawn === JSON.stringify(catalogues)) return;
      drawn = JSON.stringify(catalogues);
      const chosen = which.value;
      which.replaceChildren(...catalogues.map((each) => h("option", { value: each }, each)));
      if (catalogues.includes(chosen)) which.value = chosen;
      choose();
    },
  };
}
