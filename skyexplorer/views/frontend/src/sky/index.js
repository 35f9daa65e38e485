// The sky: ipyaladin's widget with Aladin Lite inside the bundle, and our glass over it.
//
// How it works. ipyaladin's `render` makes the Aladin instance by `new A.aladin(div, options)`.
// We stand in for that constructor while a view is rendered: so the local survey is in place before
// Aladin resolves any survey (a bad or unreachable one would make it ask the network), and we hold
// the instance. All that we draw comes from synced traits, so a reloaded page paints the same sky;
// messages run only from the browser to Python, and are typed in messages.js.
import A from "aladin-lite";
import ipyaladin from "ipyaladin-widget";
import { FlatSky } from "./flat.js";
import { Glass } from "./glass.js";
import { Images } from "./images.js";
import { aladinSky, nameControls, SkyKeys } from "./keys.js";
import { Legend } from "./legend.js";
import { isLocal, localHips, prepareBlank } from "./local.js";
import { MESSAGE } from "./messages.js";
import { Picking } from "./picking.js";
import { Readout } from "./readout.js";
import { Thumbnails } from "./thumbnails.js";
import { RegionTool } from "./region.js";
import { Rest } from "./rest.js";
import * as sphere from "./sphere.js";
import { warm } from "./warm.js";

const Aladin = A.aladin;
let rendering = null; // what the view being rendered right now needs: {model, aladin}

// A plain function, as ipyaladin calls it with `new`.
A.aladin = function (div, options) {
  if (!rendering) return new Aladin(div, options);
  const { model } = rendering;
  div.id = `skx-aladin-${crypto.randomUUID?.() ?? Math.random()}`; // ipyaladin counts anew for each widget
  const start = options.survey;
  const aladin = new Aladin(div, { ...options, survey: isLocal(model, start) ? localHips(A, model, start) : start });
  const resolve = (survey) => (isLocal(model, survey) ? localHips(A, model, survey) : survey);
  let base = start; // ipyaladin applies the survey trait once more; a second upload would flash
  aladin.setImageSurvey = (survey) => {
    if (survey === base) return;
    base = survey;
    chooseSurvey(aladin, model, survey, resolve, () => base === survey, () => (base = null));
  };
  // Beside the sky Aladin's own throws, also where Aladin itself asks, out of reach of any catch of ours.
  const pix2world = aladin.pix2world;
  aladin.pix2world = (...at) => {
    try {
      return pix2world.apply(aladin, at);
    } catch {
      return null;
    }
  };
  rendering.aladin = aladin;
  return aladin;
};
// `A.aladin(...)` is called with statics too (createImageSurvey and others live on the function).
Object.assign(A.aladin, Aladin);
A.aladin.prototype = Aladin.prototype;

// The network is tried first: Aladin itself would fall back to yet another remote survey.
const PROBE = "https://alasky.cds.unistra.fr/MocServer/query?get=id&ID=CDS/P/DSS2/color";

async function chooseSurvey(aladin, model, survey, resolve, wanted, failed) {
  const there = isLocal(model, survey) || (await answers(survey));
  if (!wanted()) return; // another was chosen while this one was asked
  if (!there) {
    failed();
    model.send({ event_type: MESSAGE.surveyFailed, survey });
    return;
  }
  aladin.setBaseImageLayer(resolve(survey));
}

async function answers(survey) {
  const signal = AbortSignal.timeout(8000);
  if (!/^https?:/.test(survey)) return Boolean(await fetch(PROBE, { mode: "no-cors", signal }).catch(() => null));
  const reply = await fetch(`${survey.replace(/\/$/, "")}/properties`, { signal }).catch(() => null); // as Aladin will ask
  return Boolean(reply?.ok);
}

// Aladin may refuse to begin in this page, as without WebGL 2: that is told where a sky is rendered. What failed for one sky
// alone is no word on another.
let refused = null;
A.init.catch((error) => (refused = error));

async function initialize({ model }) {
  await ipyaladin.initialize({ model }).catch((error) => console.error(error));
}

// Whether this browser has what Aladin needs; the context is given back, as there are few.
function hasWebGL2() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

// A plain map stands in place of Aladin, and Python is told why.
function instead(model, el, error) {
  console.error(error);
  el.replaceChildren();
  const text = String(error?.message ?? error);
  const able = hasWebGL2();
  model.send({ event_type: able ? MESSAGE.failed : MESSAGE.flat, text });
  const { no_aladin, no_webgl } = model.get("_texts");
  return new FlatSky(el, model, able ? no_aladin : no_webgl);
}

async function render({ model, el }) {
  el.classList.add("skx-sky");
  const start = model.get("_look"); // Aladin tells of places on its way here, which are nobody's wish
  let cleanup, aladin, flat;
  rendering = { model };
  try {
    if (refused) throw refused;
    cleanup = ipyaladin.render({ model, el });
    aladin = rendering.aladin;
  } catch (error) {
    aladin = flat = instead(model, el, error);
  } finally {
    rendering = null;
  }
  const report = (error) => {
    console.error(error);
    model.send({ event_type: MESSAGE.failed, text: String(error?.message ?? error) });
  };
  const rest = flat ? NO_REST : new Rest(aladin);
  const glass = new Glass(aladin, model, report);
  const images = flat ? NO_IMAGES : new Images(A, aladin, model, report, answers);
  const picking = new Picking(aladin, model, glass);
  const thumbnails = new Thumbnails(model);
  glass.thumbnail = (layer, row) => thumbnails.of(layer, row);
  const readout = new Readout(aladin, model, glass);
  const legend = new Legend(aladin, model);
  const regions = new RegionTool(aladin, model, glass);
  const keys = new SkyKeys(aladin.aladinDiv, model, aladinSky(aladin, glass, picking));
  const unname = nameControls(aladin.aladinDiv, model.get("_texts"));
  const layers = new LayerModels(model, glass, images, report);
  const grid = () =>
    aladin.setCooGrid({ enabled: model.get("_grid"), color: "rgb(140,165,200)", opacity: 0.35, labelSize: 12 });
  model.on("change:_grid", grid);
  grid();
  const look = () => {
    const now = model.get("_look");
    const { ra, dec, fov } = now.turn === start.turn ? start : now;
    rest.wake();
    aladin.gotoRaDec(ra, dec);
    aladin.setFoV(fov);
  };
  let turn = model.get("_look").turn;
  const looked = () => {
    if (model.get("_look").turn === turn) return; // the user's own pan, come back
    turn = model.get("_look").turn;
    look();
  };
  model.on("change:_look", looked);
  const tell = () => {
    model.set("_target", aladin.getRaDec().join(" "));
    model.set("_fov", aladin.getFov()[0]);
    model.save_changes();
  };
  const stopSizing = keepFieldOfView(el, look, tell);
  el.aladin = aladin; // for tests and for the curious at the console
  el.skx = { glass, picking, images, readout, regions, sphere };
  layers.follow().then(warm);
  if (flat) look();
  return () => {
    stopSizing();
    model.off("change:_grid", grid);
    model.off("change:_look", looked);
    layers.dispose();
    picking.dispose();
    keys.dispose();
    unname();
    readout.dispose();
    thumbnails.dispose();
    legend.dispose();
    images.dispose();
    regions.dispose();
    glass.dispose();
    rest.dispose();
    flat?.dispose();
    cleanup?.();
  };
}

const nothing = () => {};
const NO_REST = { wake: nothing, dispose: nothing };
const NO_IMAGES = { update: nothing, remove: nothing, arrange: nothing, dispose: nothing };

// Inside a flexible box the first layout is not the last: the field asked for is set again once the
// size has settled, then belongs to the user. While a panel changes its size later Aladin tells of places that it is not at
// in the end: where it is then is told (`tell`), so that Python and a reloaded page know.
function keepFieldOfView(el, look, tell) {
  let settled, begun = false;
  const observer = new ResizeObserver(([entry]) => {
    if (!entry.contentRect.width) return;
    clearTimeout(settled);
    settled = setTimeout(() => {
      if (begun) tell();
      else look();
      begun = true;
    }, begun ? 400 : 150);
  });
  observer.observe(el);
  return () => (clearTimeout(settled), observer.disconnect());
}

// One small model a layer, referred to by the canvas model in drawing order.
class LayerModels {
  constructor(model, glass, images, report) {
    Object.assign(this, { model, glass, images, report, known: new Map(), turn: Promise.resolve() });
    this.onList = () => this.follow();
    model.on("change:_drawings", this.onList);
  }

  follow() {
    // One change after the other, in order: a layer may be removed while its model still arrives.
    this.turn = this.turn.then(() => this.sync()).catch(this.report);
    return this.turn;
  }

  async sync() {
    await prepareBlank();
    const ids = this.model.get("_drawings").map((ref) => ref.replace("IPY_MODEL_", ""));
    for (const [id, entry] of this.known) {
      if (ids.includes(id)) continue;
      entry.layer.off("change", entry.onChange);
      this.images.remove(id);
      this.known.delete(id);
    }
    for (const id of ids) {
      if (this.known.has(id)) continue;
      const layer = await this.model.widget_manager.get_model(id).catch(() => null);
      if (this.gone) return;
      if (!layer) continue; // closed before it came
      const onChange = () => {
        try {
          this.glass.update(id, layer);
          this.images.update(id, layer);
        } catch (error) {
          this.report(error);
        }
      };
      layer.on("change", onChange);
      this.known.set(id, { layer, onChange });
    }
    const there = ids.filter((id) => this.known.has(id));
    this.glass.setOrder(there.map((id) => [id, this.known.get(id).layer]));
    for (const id of there) this.images.update(id, this.known.get(id).layer);
    this.images.arrange(there);
  }

  dispose() {
    this.gone = true;
    this.model.off("change:_drawings", this.onList);
    for (const { layer, onChange } of this.known.values()) layer.off("change", onChange);
    this.known.clear();
  }
}

export default { initialize, render };
