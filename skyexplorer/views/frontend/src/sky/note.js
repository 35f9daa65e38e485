// At the foot of the sky: how many rows are drawn, wherever it is not all of them; and what the arrows mean.
export class Note {
  constructor(frame, model) {
    this.model = model;
    this.element = document.createElement("p");
    this.element.className = "skx-drawn";
    this.element.hidden = true;
    frame.append(this.element);
    this.text = "";
  }

  say(layers) {
    const seen = layers.filter((layer) => layer.visible && layer.opacity > 0 && layer.ra.length);
    const lines = [];
    for (const layer of seen) {
      const said = [drawn(layer, this.model.get("_texts")), arrows(layer, this.model.get("_texts"))].filter(Boolean);
      if (said.length) lines.push([layer.name, said.join(" · ")]);
    }
    const text = lines.map(([name, said]) => (seen.length > 1 ? `${name}: ${said}` : said)).join("\n");
    if (text === this.text) return;
    this.text = text;
    this.element.hidden = !text;
    this.element.textContent = text;
  }

  remove() {
    this.element.remove();
  }
}

const number = new Intl.NumberFormat();

function drawn(layer, texts) {
  const { n, here, whole, level } = layer.stars.drawn;
  if (level === null || layer.style.density || Math.round(here) <= n) return "";
  const total = whole ? here : Number(here.toPrecision(2)); // an estimate is not told to the last digit
  return (whole ? texts.drawn : texts.drawn_here).replace("{n}", number.format(n)).replace("{total}", number.format(Math.max(n, total)));
}

function arrows(layer, texts) {
  return layer.arrowKey ? texts.arrow.replace("{speed}", number.format(layer.arrowKey)) : "";
}
