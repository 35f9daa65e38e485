// A plot by keys: arrows choose a range and move it, with Shift its end; Escape takes it away. Where the plot has two ranges
// (`upwards`), those up and down are for the second.
//
// While a key is held Python is told at most eleven steps a second, and never one before it has answered the last.
const EVERY = 90; // ms
const PATIENCE = 2000; // ms, after which no answer is waited for any more
const ACROSS = { ArrowRight: 1, ArrowLeft: -1 };
const UPWARDS = { ArrowUp: 1, ArrowDown: -1 };

export function stepping(plot, { model, tell, texts, off, upwards = false }) {
  let [turn, sent] = [model.get("heard"), 0];
  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-roledescription", texts.plot_kind);
  plot.addEventListener("keydown", (event) => {
    const axis = upwards && event.key in UPWARDS ? "y" : "x";
    const way = (axis === "y" ? UPWARDS : ACROSS)[event.key];
    if (event.target !== plot || (!way && event.key !== "Escape")) return;
    event.preventDefault();
    if (!way) return off();
    event.stopPropagation();
    const now = performance.now();
    const wait = turn > model.get("heard") ? PATIENCE : EVERY;
    if (event.repeat && now - sent < wait) return;
    [turn, sent] = [Math.max(turn, model.get("heard")) + 1, now];
    tell("step", { way, end: event.shiftKey, turn, axis });
  });
}
