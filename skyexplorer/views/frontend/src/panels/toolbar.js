// Go to a place, choose the background, coordinate lines, light or dark.
import { arranging } from "./arranging.js";
import { ICON, fill, follow, h, iconButton, svg } from "./dom.js";
import { help } from "./help.js";

const THEMES = ["auto", "light", "dark"];

export function renderToolbar({ model, el, texts, tell }) {
  el.setAttribute("role", "toolbar");
  el.setAttribute("aria-label", texts.label);
  const box = h("input", {
    type: "search",
    placeholder: texts.goto_hint,
    "aria-label": texts.goto,
    spellcheck: false,
    autocomplete: "off",
    onkeydown: (event) => {
      if (event.key === "Enter") tell("goto", { text: box.value });
    },
  });
  // Shown where nothing here answers to a name: who knows names is asked only on demand.
  const resolve = h("button", { type: "button", className: "skx-resolve", onclick: () => tell("resolve", { name: model.get("offer") }) }, texts.resolve);
  const survey = h("select", {
    "aria-label": texts.survey,
    title: texts.survey,
    onchange: () => tell("survey", { name: survey.value }),
  });
  for (const name of model.get("surveys")) {
    survey.append(h("option", { value: name }, name === texts.local ? name : fill(texts.online, { name })));
  }
  const grid = iconButton(ICON.grid, texts.grid, () => tell("grid", { on: !model.get("grid") }));
  const theme = iconButton(ICON.theme, texts.theme, () => {
    const next = THEMES[(THEMES.indexOf(model.get("theme")) + 1) % THEMES.length];
    tell("theme", { theme: next });
  });
  const clear = iconButton(ICON.clear, texts.clear, () => tell("clear"));
  const keys = help(model, el);
  el.append(
    h("span", { className: "skx-brand" }, h("b", {}, "sky"), "explorer"),
    h("form", { className: "skx-goto", role: "search", onsubmit: (e) => e.preventDefault() }, svg(ICON.search), box),
    resolve,
    h("span", { className: "skx-space" }),
    clear,
    survey,
    grid,
    theme,
    keys.button,
  );
  const undo = [
    follow(model, ["survey"], () => {
      const name = model.get("survey");
      if (![...survey.options].some((option) => option.value === name)) survey.append(h("option", { value: name }, name));
      survey.value = name;
    }),
    follow(model, ["offer"], () => {
      resolve.hidden = !model.get("offer");
      resolve.title = fill(texts.resolve_name, { name: model.get("offer") });
      resolve.setAttribute("aria-label", resolve.title);
    }),
    follow(model, ["grid"], () => grid.setAttribute("aria-pressed", String(model.get("grid")))),
    follow(model, ["selected"], () => (clear.disabled = !model.get("selected"))),
    follow(model, ["theme"], () => (theme.title = `${texts.theme}: ${model.get("theme")}`)),
    themed(model, el),
    keys.dispose,
  ];
  let gone = false;
  const id = model.get("layout_panel")?.replace("IPY_MODEL_", "");
  if (id)
    model.widget_manager.get_model(id).then((layout) => {
      if (gone) return;
      const own = arranging(layout, el);
      el.append(...own.nodes);
      undo.push(own.dispose);
    });
  return () => ((gone = true), undo.forEach((fn) => fn()));
}

// The class on our root element follows the choice, or the page where it is "auto": which it is then is told to Python.
function themed(model, el) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const page = () => {
    const { jpThemeLight, vscodeThemeKind } = document.body.dataset; // Lab and Notebook; VS Code
    if (jpThemeLight !== undefined) return jpThemeLight === "false";
    if (vscodeThemeKind !== undefined) return !vscodeThemeKind.includes("light");
    const { classList } = document.body; // Voila
    if (classList.contains("theme-dark") || classList.contains("theme-light")) return classList.contains("theme-dark");
    return system.matches;
  };
  const apply = () => {
    const chosen = model.get("theme");
    const dark = chosen === "auto" ? page() : chosen === "dark";
    const root = el.closest(".skx-root");
    root?.classList.toggle("skx-light", !dark);
    if (chosen === "auto" && model.get("dark") !== dark) { // else Python knows
      model.set("dark", dark);
      model.save_changes();
    }
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind", "class"] });
  system.addEventListener("change", apply);
  model.on("change:theme", apply);
  requestAnimationFrame(apply); // once the element stands in the page
  const late = setTimeout(apply, 300);
  return () => (clearTimeout(late), observer.disconnect(), system.removeEventListener("change", apply), model.off("change:theme", apply));
}
