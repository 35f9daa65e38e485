// What can be done with the probability of a map, or with regions: choose the region, rank sources by the map.
import { fill, h } from "./dom.js";

export function layerActs(name, texts, tell) {
  const say = (text) => fill(text, { name });
  const region = h("button", { type: "button", className: "skx-do", "aria-label": say(texts.region_of), title: say(texts.region_of), onclick: () => tell("region", { name }) }, texts.region);
  const rank = h("button", { type: "button", className: "skx-do", "aria-label": say(texts.rank_by), title: say(texts.rank_by), onclick: () => tell("rank", { name, catalogue: which.value }) }, texts.rank);
  const which = h("select", { "aria-label": say(texts.ranked), title: say(texts.ranked) });
  const ranking = h("span", { className: "skx-ranking" }, rank, which);
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
    },
  };
}
