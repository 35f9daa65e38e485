// Whether Python still answers: a quiet question now and then, and a banner where the answer tells that the kernel
// is another one.
//
// How that is told in any host. The kernel says when it has done with a message, whoever the message was for; our
// own answer comes before that, or, where the message came to a thread beside a busy one, word that it was heard.
// Done without either: this kernel does not know the explorer, it was restarted. No answer: it is busy, or out of reach.
// After a cut (a closed lid, no network) all state is asked for again.
import { follow, h, iconButton, ICON } from "./dom.js";

const EVERY = 10e3; // ms between two questions while nothing happens
const SOON = 2.5e3; // … where something was done in the explorer
const BUSY = 8e3; // ms without an answer that are told
const GRACE = 1500; // ms that our answer may come later than the kernel's "done"
const SLEPT = 20e3; // ms that a clock of EVERY/10 was late: the machine slept

export function renderPulse({ model, el, texts, tell }) {
  const title = h("b");
  const advice = h("span");
  const code = h("code");
  const close = iconButton(ICON.remove, texts.close, () => (el.dataset.state = "seen"));
  el.setAttribute("role", "status");
  el.append(h("div", { className: "skx-pulse-words" }, title, advice, code), close);

  let raw = null; // the model itself: it tells whether its channel is open
  let asked = null; // {n, since, heard}
  let n = 0;
  let last = 0; // when Python was last asked
  let heard = performance.now();
  let stale = false; // messages may have been lost: all state is to be asked for
  let ended = false;
  let beat = Date.now();

  const show = (state) => {
    if (el.dataset.state === state || (state === "gone" && el.dataset.state === "seen")) return;
    el.dataset.state = state;
    title.textContent = texts[state] ?? "";
    advice.textContent = texts[`${state}_advice`] ?? "";
    code.textContent = state === "gone" ? model.get("restore") : "";
  };
  const gone = () => {
    ended = true;
    show("gone");
  };

  const ask = () => {
    if (ended || !raw || asked || document.visibilityState === "hidden") return;
    if (raw.comm_live === false) return gone();
    last = performance.now();
    const mine = { n: ++n, since: last };
    asked = mine;
    const status = (message) => {
      if (message?.content?.execution_state !== "idle") return;
      setTimeout(() => asked === mine && !mine.heard && gone(), GRACE);
    };
    try {
      raw.send({ type: "ping", n: mine.n }, { iopub: { status } });
    } catch {
      gone(); // the host has given the kernel up
    }
  };
  const answered = (content) => {
    if (asked && content?.heard === asked.n) asked.heard = true;
    if (content?.pong === undefined) return;
    asked = null;
    heard = performance.now();
    if (stale) {
      stale = false;
      tell("resync");
    }
    show("well");
  };

  const tick = () => {
    if (ended) return;
    const now = Date.now();
    const hidden = document.visibilityState === "hidden"; // then the clock is slow, and `seen` looks at it
    if (now - beat > SLEPT && !hidden) woke();
    if (now - beat < SLEPT || !hidden) beat = now;
    const waits = asked ? performance.now() - asked.since : 0;
    if (!navigator.onLine) show("cut");
    else if (waits > BUSY) show("busy");
    if (performance.now() - last > EVERY) ask();
  };
  const woke = () => {
    stale = true;
    asked = null; // that question may be lost
    ask();
  };
  const seen = () => {
    const slept = Date.now() - beat > SLEPT;
    beat = Date.now();
    if (slept && document.visibilityState !== "hidden") woke();
    else ask();
  };
  const soon = () => performance.now() - last > SOON && ask();
  const offline = () => ended || show("cut");
  const live = () => raw?.comm_live === false && gone();

  const clock = setInterval(tick, EVERY / 10);
  window.addEventListener("online", woke);
  window.addEventListener("offline", offline);
  document.addEventListener("visibilitychange", seen);
  model.on("msg:custom", answered);
  let box = null;
  const frame = requestAnimationFrame(() => {
    box = el.closest(".skx-root");
    for (const type of ["pointerdown", "keydown"]) box?.addEventListener(type, soon, { capture: true, passive: true });
  });
  const undo = [];
  model.widget_manager.get_model(model.get("_me")).then((found) => {
    raw = found;
    raw.on("comm_live_update", live);
    undo.push(() => raw.off("comm_live_update", live));
    live();
  });
  undo.push(follow(model, ["restore"], () => code.textContent && (code.textContent = model.get("restore"))));
  show("well");
  el.skxPulse = { ask, heard: () => heard }; // for tests
  return () => {
    clearInterval(clock);
    cancelAnimationFrame(frame);
    window.removeEventListener("online", woke);
    window.removeEventListener("offline", offline);
    document.removeEventListener("visibilitychange", seen);
    model.off("msg:custom", answered);
    for (const type of ["pointerdown", "keydown"]) box?.removeEventListener(type, soon, { capture: true });
    undo.forEach((fn) => fn());
  };
}
