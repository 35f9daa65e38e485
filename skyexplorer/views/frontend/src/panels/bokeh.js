// BokehJS, started once from the text that Python sent, and a figure's own view in an element of ours.

let starting = null;

function startBokeh(model) {
  const version = model.get("_bokeh_version");
  if (window.Bokeh?.version === version) return Promise.resolve();
  starting ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    // AMD loaders of a page would take BokehJS for a module of theirs.
    script.textContent = `(function (define, module, exports) {${model.get("_bokeh_js")}\n}).call(window);`;
    document.head.append(script);
    if (window.Bokeh) resolve();
    else reject(new Error("BokehJS did not start"));
  });
  return starting;
}

export const idOf = (ref) => (typeof ref === "string" ? ref.replace("IPY_MODEL_", "") : ref.model_id);

const revisionOf = (child) => JSON.parse(child.get("render_bundle")).revision ?? -1;
const heard = new WeakMap(); // of each figure, whom to tell that a patch is missing

// Hands the patches of a figure on to its views, which want them in pieces: all pieces of one at once, as a view that is made
// between two of them would take the rest for a beginning. `behind` is called with the revision that the page has, where
// Python is to send a bundle of now.
function hear(child, behind) {
  if (heard.has(child)) return (heard.get(child).behind = behind);
  const to = { behind };
  heard.set(child, to);
  let at = revisionOf(child);
  let asked = false;
  const ask = () => {
    if (!asked) to.behind(at);
    asked = true;
  };
  child.on("change:render_bundle", () => ((at = revisionOf(child)), (asked = false)));
  child.on("msg:custom", ({ msg, revision, texts, refs }, buffers) => {
    if (msg !== "whole patch" || revision <= at) return; // the bundle has it
    if (revision !== at + 1) return ask();
    at = revision;
    const hand = (payload, piece) => child.trigger("msg:custom", { msg: "patch", payload }, piece ? [piece] : []);
    try {
      texts.forEach((text) => hand(text));
      refs.forEach((ref, i) => {
        const { buffer, byteOffset, byteLength } = buffers[i];
        hand(ref);
        hand(undefined, { buffer: buffer.slice(byteOffset, byteOffset + byteLength) }); // BokehView takes all of the buffer
      });
    } catch (error) {
      at = -1;
      ask();
      throw error;
    }
  });
}

// BokehView tells Python of all changes, those too that Python has just told it: they come back late, and undo what Python
// did since. BokehJS knows them by `sync`.
function tellOnlyOwn(view) {
  const change = view._change_event;
  if (change) view._change_event = (event) => event.sync !== false && change.call(view, event);
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
        hear(child, rendered);
        const next = await model.widget_manager.create_view(child);
        tellOnlyOwn(next);
        if (gone) return next.remove();
        view?.remove();
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
    view?.remove();
  };
  return { show, remove };
}
