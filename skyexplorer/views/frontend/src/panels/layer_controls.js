// The choices of an image, a map or a second survey, and the scale of its colours.
import { fill, h } from "./dom.js";

export function layerControls(name, tell) {
  const choices = h("div", { className: "skx-choices" });
  const bar = h("span", { className: "skx-scale-bar", role: "img" });
  const low = h("span", {});
  const high = h("span", {});
  const scale = h("div", { className: "skx-scale" }, low, bar, high);
  const root = h("div", { className: "skx-layer-controls" }, choices, scale);
  const known = new Map();
  return {
    root,
    update({ controls = [], scale: shades }) {
      root.hidden = !controls.length;
      for (const { field, label, value, options } of controls) {
        if (!known.has(field)) {
          const select = h("select", {
            "aria-label": fill(label, { name }),
            title: fill(label, { name }),
            onchange: () => tell("control", { name, field, value: select.value }),
          });
          choices.append(select);
          known.set(field, { select, drawn: "" });
        }
        const item = known.get(field);
        const drawn = JSON.stringify(options);
        if (item.drawn !== drawn) {
          item.select.replaceChildren(...options.map(([key, text]) => h("option", { value: key }, text)));
          item.drawn = drawn;
        }
        item.select.value = value;
      }
      scale.hidden = !shades;
      if (!shades) return;
      low.textContent = shades.low;
      high.textContent = shades.high;
      bar.style.background = `linear-gradient(90deg, ${shades.colors.join(", ")})`;
      bar.setAttribute("aria-label", `${shades.low} – ${shades.high}${shades.stretch ? `, ${shades.stretch}` : ""}`);
    },
  };
}
