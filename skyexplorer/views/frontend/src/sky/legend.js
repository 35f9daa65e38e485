// The legend on the sky: what the colours and sizes of the topmost layer that has such mean.
import { h } from "../panels/dom.js";
import { legendParts } from "./legend_parts.js";

export class Legend {
  constructor(aladin, model) {
    this.model = model;
    this.root = h("aside", { className: "skx-legend skx-legend-sky", hidden: true });
    aladin.aladinDiv.append(this.root);
    this.draw = () => {
      const [legend] = model.get("_legends");
      this.root.hidden = !legend;
      if (!legend) return this.root.replaceChildren();
      this.root.setAttribute("aria-label", legend.label);
      this.root.replaceChildren(h("p", { className: "skx-legend-layer", title: legend.layer }, legend.layer), ...legendParts(legend, legend.texts));
    };
    model.on("change:_legends", this.draw);
    this.draw();
  }

  dispose() {
    this.model.off("change:_legends", this.draw);
    this.root.remove();
  }
}
