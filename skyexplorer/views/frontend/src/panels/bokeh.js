// BokehJS, started once from the text that Python sent, and a figure's own view in an element of ours.

let starting = null;

// BokehJS builds the views of a document piece by piece. One that is cleared meanwhile, as a newer bundle came or its view was
// removed, throws where nobody can catch it and leaves in the page what was built after. So it is cleared when it is built.
function clearOnlyWhatIsBuilt() {
  const embed = window.Bokeh.require("embed/standalone");
  const { add_document_standalone: add } = embed;
  if (add.patient) return;
  embed.add_document_standalone = (shown, ...rest) => {
    const building = add(shown, ...rest);
    const { clear } = shown;
    const built = building.then(
      () => delete shown.clear,
      () => delete shown.clear,
    );
    shown.clear = (...how) => void built.then(() => clear.apply(shown, how));
    return building;
  };
  embed.add_document_standalone.patient = true;
}

// BokehJS takes a button that is held for 0.3 s for a press, of which no drag and no click can come: a slow hand, or one that
// begins to move while the page is busy, would mark nothing. Nothing in our figures waits for a press, so there is none.
function dragHoweverLongHeld() {
  const { prototype } = window.Bokeh.require("core/ui_gestures").UIGestures;
  const { _start_timeout: start } = prototype;
  if (start.patient) return;
  prototype._start_timeout = function () {
    if (!isOurs(this.hit_area)) start.call(this);
  };
  prototype._start_timeout.patient = true;
}

// Whether an element is in a plot of ours, through the shadow roots of BokehJS.
function isOurs(el) {
  for (let at = el; at; at = at.getRootNode().host) if (at.closest(".skx-plot")) return true;
  return false;
}

function mend() {
  clearOnlyWhatIsBuilt();
  dragHoweverLongHeld();
}

function startBokeh(model) {
  const version = model.get("_bokeh_version");
  if (window.Bokeh?.version === version) return Promise.resolve(mend());
  starting ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    // AMD loaders of a page would take BokehJS for a module of theirs.
    script.textContent = `(function (define, module, exports) {${model.get("_bokeh_js")}\n}).call(window);`;
    document.head.append(script);
    if (window.Bokeh) resolve(mend());
    else reject(new Error("BokehJS did not start"));
  });
  return starting;
}

export const idOf = (ref) => (typeof ref === "string" ? ref.replace("IPY_MODEL_", "") : ref.model_id);

const revisionOf = (child) => JSON.parse(child.get("render_bundle")).revision ?? -1;
const ASK = 3000; // ms until a bundle that was asked for is taken for lost
const heard = new WeakMap(); // what `hear` gave, of each figure

// Hands the patches of a figure on to its views, which want them in pieces: all pieces of one at once, as a view that is made
// between two of them would take the rest for a beginning. `behind` is called with the revision that the page has, where
// Python is to send a bundle of now. Gives what is known of the figure: `at`, its revision in this page.
function hear(child, behind) {
  if (heard.has(child)) return Object.assign(heard.get(child), { behind });
  const known = { at: revisionOf(child), asked: -ASK, behind };
  heard.set(child, known);
  const ask = () => {
    if (performance.now() - known.asked < ASK) return;
    known.asked = performance.now();
    known.behind(known.at);
  };
  child.on("change:render_bundle", () => Object.assign(known, { at: revisionOf(child), asked: -ASK }));
  child.on("msg:custom", ({ msg, revision, texts, refs }, buffers) => {
    if (msg !== "whole patch" || revision <= known.at) return; // the bundle has it
    if (revision !== known.at + 1) return ask();
    known.at = revision;
    const hand = (payload, piece) => child.trigger("msg:custom", { msg: "patch", payload }, piece ? [piece] : []);
    try {
      texts.forEach((text) => hand(text));
      refs.forEach((ref, i) => {
        const { buffer, byteOffset, byteLength } = buffers[i];
        hand(ref);
        hand(undefined, { buffer: buffer.slice(byteOffset, byteOffset + byteLength) }); // BokehView takes all of the buffer
      });
    } catch (error) {
      console.error(error); // JupyterLab says nothing of what a handler throws
      for (const made of Object.values(child.views ?? {})) made.then(begin);
      known.at = -1;
      ask();
    }
  });
  return known;
}

// A view of which another one did not let it hear a patch to its end is to take the next piece for a beginning.
function begin(view) {
  if (view._receiver) view._receiver = new view._receiver.constructor();
}

// BokehView tells Python of all changes, those too that Python has just told it: they come back late, and undo what Python
// did since. BokehJS knows them by `sync`. The page's own go with the revision in which they were made, so that Python knows
// those that it has overtaken.
function tellOnlyOwn(view, known) {
  const { _change_event: change, _send: send } = view;
  if (change) view._change_event = (event) => event.sync !== false && change.call(view, event);
  if (send) view._send = (event) => send.call(view, { ...event, revision: known.at });
}

// BokehView listens to its model for good: what was removed would be painted with each new bundle.
function drop(view) {
  if (!view) return;
  view.remove();
  view.render = view._change_event = () => {};
  view._document?.clear();
}

// The figure that the trait `child` names, shown in `plot`; `source` gives the model that has BokehJS.
export function figureIn(plot, { model, source, texts, tell }) {
  let view = null;
  let gone = false;
  let turn = Promise.resolve();
  const show = () => {
    turn = turn
      .then(source)
      .then(startBokeh)
      .then(async () => {
        const ref = model.get("child");
        if (!ref || gone) return;
        const id = idOf(ref);
        const child = await model.widget_manager.get_model(id);
        const rendered = (revision) => tell("rendered", { child: id, revision });
        const known = hear(child, rendered);
        const next = await model.widget_manager.create_view(child);
        tellOnlyOwn(next, known);
        if (gone) return drop(next);
        drop(view);
        view = next;
        plot.replaceChildren(view.el);
        view.processLuminoMessage?.({ type: "after-attach" });
        view.trigger?.("displayed");
        // Python paints it anew where it has changed since the bundle that this view was made from.
        rendered(revisionOf(child));
      })
      .catch((error) => {
        if (gone) return;
        console.error(error);
        plot.textContent = texts.failed;
      });
  };
  const remove = () => {
    gone = true;
    drop(view);
  };
  return { show, remove };
}
