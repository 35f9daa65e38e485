// How an answer, or the want of one, is told: a sign, a word, and what to do.
import { h } from "./dom.js";

const SIGN = { ok: "✓", cached: "✓", cancelled: "–", unreachable: "✕", late: "✕", refused: "✕", error: "✕", malformed: "✕" };

// A small sign: turning while asked, then a mark. The word beside it tells the same to those who do not see it.
export function sign(state) {
  const spinning = state === "asking" || state === "slow" || state === "waiting";
  return h("span", { className: `skx-state${spinning ? " skx-turning" : ""}`, "aria-hidden": "true", "data-state": state }, SIGN[state] ?? "");
}

// What went wrong and what to do, or nothing.
export function trouble(said, advice) {
  return h("p", { className: "skx-trouble", hidden: !said }, h("b", {}, said), advice ? ` ${advice}` : "");
}

// One status line above a list: asking, what came, or what went wrong; with a way to stop or to try again.
export function statusLine(texts, { again, cancel }) {
  const line = h("p", { className: "skx-statusline", role: "status" });
  return {
    root: line,
    show(status) {
      const { state = "", text = "", said = "", advice = "" } = status ?? {};
      const asking = ["asking", "slow", "waiting"].includes(state);
      line.hidden = !state && !text;
      line.replaceChildren(
        sign(state),
        h("span", { className: said ? "skx-said" : "" }, said || text, advice ? h("span", { className: "skx-advice" }, ` ${advice}`) : null),
        ...(asking ? [button(texts.cancel, cancel)] : said ? [button(texts.again, again)] : []),
      );
    },
  };
}

export function button(label, onclick, extra = {}) {
  return h("button", { type: "button", className: "skx-act", onclick, ...extra }, label);
}

// Children are put in order, and kept where they are the same: the focus stays.
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => list.children[i] === node || list.insertBefore(node, list.children[i] ?? null));
}

// New children in place of the old: the focus stays on what has the same `data-key`.
export function renew(list, nodes) {
  const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  list.replaceChildren(...nodes);
  if (key !== undefined) list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
