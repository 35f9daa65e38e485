// The panels around the sky: one module for all, chosen by the trait `_panel`.
//
// Each panel renders from synced traits and again when they change; what a person does is sent to Python
// as {type, …}, and comes back as changed traits. Text from outside is only ever set as textContent.
import { hearAnyway } from "../hearing.js";
import { renderArchives } from "./archives.js";
import { renderCurve } from "./curve.js";
import { renderDock } from "./dock.js";
import { renderEvents } from "./events.js";
import { renderInView } from "./inview.js";
import { renderJobs } from "./jobs.js";
import { renderLayers } from "./layers.js";
import { renderLayout } from "./layout.js";
import { renderPlot } from "./plot.js";
import { renderPulse } from "./pulse.js";
import { renderSide } from "./side.js";
import { renderStatus } from "./status.js";
import { renderTable } from "./table.js";
import { renderTimeline } from "./timeline.js";
import { renderToolbar } from "./toolbar.js";

const PANELS = {
  toolbar: renderToolbar,
  layers: renderLayers,
  layout: renderLayout,
  pulse: renderPulse,
  table: renderTable,
  curve: renderCurve,
  strip: renderDock,
  figure: renderPlot,
  inview: renderInView,
  status: renderStatus,
  tabs: renderSide,
  archives: renderArchives,
  events: renderEvents,
  jobs: renderJobs,
  time: renderTimeline,
};

function render({ model, el }) {
  el.classList.add("skx-panel", `skx-${model.get("_panel")}`);
  hearAnyway(model);
  const texts = model.get("_texts");
  return PANELS[model.get("_panel")]({ model, el, texts, tell: (type, content = {}) => model.send({ type, ...content }) });
}

export default { render };
