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
        const next = await model.widget_manager.create_view(child);
        if (gone) return next.remove();
        view?.remove();
        view = next;
        plot.replaceChildren(view.el);
        view.processLuminoMessage?.({ type: "after-attach" });
        view.trigger?.("displayed");
        // Python paints it anew where it has changed since the bundle that this view was made from.
        tell("rendered", { child: id, revision: JSON.parse(child.get("render_bundle")).revision ?? -1 });
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
