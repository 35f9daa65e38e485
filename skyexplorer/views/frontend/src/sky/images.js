// Probability densities as image layers between the survey and the glass.
import { filesOf } from "./local.js";

export class Images {
  constructor(A, aladin, model, report) {
    Object.assign(this, { A, aladin, model, report, shown: new Map() });
  }

  update(id, layer) {
    const set = layer.get("tiles");
    const opacity = layer.get("visible") ? layer.get("opacity") * (set?.opacity ?? 1) : 0;
    if (!set || !set.tiles) return this.remove(id);
    let entry = this.shown.get(id);
    if (!entry || entry.version !== set.version) {
      if (entry) this.remove(id);
      const name = `skx-${id}-${set.version}`;
      const survey = this.aladin.createImageSurvey(name, set.title, filesOf(set, set.title), null, set.max_order, {});
      this.aladin.setOverlayImageLayer(survey, name);
      entry = { name, version: set.version };
      this.shown.set(id, entry);
    }
    this.aladin.getOverlayImageLayer(entry.name)?.setOpacity(opacity);
  }

  remove(id) {
    const entry = this.shown.get(id);
    if (!entry) return;
    this.aladin.removeImageLayer(entry.name);
    this.shown.delete(id);
  }
}
