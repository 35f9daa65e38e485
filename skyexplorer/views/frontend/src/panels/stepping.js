// A plot by keys: arrows choose a range and move it, with Shift its end; Escape takes it away.
const EVERY = 90; // ms between steps that are told while a key is held

export function stepping(plot, { tell, texts, off }) {
  let last = 0;
  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-roledescription", texts.plot_kind);
  plot.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.target !== plot || (!way && event.key !== "Escape")) return;
    event.preventDefault();
    if (!way) return off();
    event.stopPropagation();
    const now = performance.now();
    if (now - last < EVERY) return;
    last = now;
    tell("step", { way, end: event.shiftKey });
  });
}
