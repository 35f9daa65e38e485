// Jobs in the status line: the first that runs, with its bar; all of them, and the last ledger, on demand.
//
// Clocks count here: Python tells the age of a job, and the page adds what has passed since.
import { ICON, fill, follow, h, iconButton } from "./dom.js";
import { arrange, sign } from "./states.js";

export function renderJobs({ model, el, texts, tell }) {
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", texts.label);
  const items = new Map(); // id -> a row of the list
  const line = makeRow(texts, tell); // the first job, in the status line itself
  line.root.classList.add("skx-job-line");
  const count = h("button", { type: "button", className: "skx-job-count", onclick: () => open(list.hidden) });
  const running = h("ul", { className: "skx-job-list" });
  const more = h("span", { className: "skx-soft" });
  const rest = h("div", { className: "skx-job-rest" }, more, h("span", { className: "skx-space" }),
    h("button", { type: "button", className: "skx-act", onclick: () => tell("cancel_all") }, texts.cancel_all));
  const asked = h("section", { className: "skx-asked" });
  const list = h("div", { className: "skx-jobs-open", hidden: true }, running, rest, asked);
  const details = iconButton(ICON.ledger, texts.details, () => open(list.hidden));
  el.append(line.root, count, details, list);

  function open(on) {
    list.hidden = !on;
    for (const button of [details, count]) button.setAttribute("aria-expanded", String(on));
  }
  open(false);
  const away = (event) => list.hidden || event.composedPath().includes(el) || open(false);
  const escape = (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    open(false);
    details.focus();
    event.stopPropagation();
  };
  document.addEventListener("pointerdown", away);
  document.addEventListener("keydown", escape, true); // the focus may have gone with the row that was stopped

  let clock = null;
  const tick = () => [line, ...items.values()].forEach((row) => row.tick());
  const draw = () => {
    const jobs = model.get("items");
    const total = model.get("count");
    const known = new Set(jobs.map((job) => job.id));
    for (const id of items.keys()) known.has(id) || items.delete(id);
    for (const job of jobs) {
      if (!items.has(job.id)) items.set(job.id, makeRow(texts, tell, true));
      items.get(job.id).show(job);
    }
    arrange(running, jobs.map((job) => items.get(job.id).root));
    line.root.hidden = !jobs.length;
    if (jobs.length) line.show(jobs[0]);
    count.hidden = total < 2;
    count.textContent = fill(texts.jobs, { count: total });
    rest.hidden = total < 2;
    more.textContent = total > jobs.length ? fill(texts.more, { count: total - jobs.length }) : "";
    shown();
    if (jobs.length && !clock) clock = setInterval(tick, 500);
    if (!jobs.length) clock = void clearInterval(clock);
  };
  const shown = () => {
    const last = model.get("asked");
    details.hidden = !model.get("count") && !last.what;
    details.dataset.complete = String(last.complete ?? true);
    if (!list.hidden && details.hidden) open(false);
  };
  const undo = [
    follow(model, ["items", "count"], draw),
    follow(model, ["asked"], () => {
      const last = model.get("asked");
      asked.hidden = !last.what;
      if (last.what) {
        const head = h("h3", {}, texts.last, " ", h("time", {}, last.when));
        asked.replaceChildren(head, h("p", { className: "skx-asked-what" }, last.what), answers(last.answers, texts));
      }
      shown();
    }),
    () => document.removeEventListener("pointerdown", away),
    () => document.removeEventListener("keydown", escape, true),
    () => clearInterval(clock),
  ];
  return () => undo.forEach((fn) => fn());
}

// One job: what it does, how far it is, since when, and the way to stop it. In the list also whom it asks.
function makeRow(texts, tell, whole = false) {
  let job = null;
  let since = 0;
  const mark = h("span", { className: "skx-job-mark" });
  const what = h("span", { className: "skx-job-what" });
  const doing = h("span", { className: "skx-job-doing" });
  const bar = h("progress", { className: "skx-progress", max: 1 });
  const clock = h("span", { className: "skx-job-clock" });
  const stop = iconButton(ICON.remove, fill(texts.cancel, { what: "" }), () => tell("cancel", { id: job.id }));
  const asked = h("div");
  const root = whole
    ? h("li", { className: "skx-job" }, h("div", { className: "skx-job-head" }, mark, what, clock, stop), bar, doing, asked)
    : h("div", { className: "skx-job" }, mark, what, doing, bar, clock, stop);
  const tick = () => {
    if (!job) return;
    const seconds = Math.floor(job.age + (performance.now() - since) / 1000);
    const text = seconds < 60 ? fill(texts.seconds, { seconds }) : fill(texts.minutes, { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
    if (clock.textContent !== text) clock.textContent = text;
  };
  return {
    root,
    tick,
    show(next) {
      job = next;
      since = performance.now();
      const state = job.slow ? "slow" : job.state === "waiting" ? "waiting" : "asking";
      if (mark.dataset.state !== state) mark.replaceChildren(sign(state));
      mark.dataset.state = state;
      doing.textContent = job.state === "waiting" ? texts.waiting : job.doing;
      what.textContent = job.what;
      what.title = [job.what, doing.textContent].filter(Boolean).join("\n");
      const label = job.blocks ? texts.blocks : fill(texts.cancel, { what: job.what });
      stop.disabled = job.blocks; // the kernel hears no click before it has ended
      stop.title = label;
      stop.setAttribute("aria-label", label);
      bar.setAttribute("aria-label", job.what);
      if (job.share === null) bar.removeAttribute("value");
      else bar.value = job.share;
      if (whole) asked.replaceChildren(answers(job.answers, texts));
      tick();
    },
  };
}

// A ledger: a line for each service, and what went wrong.
function answers(list, texts) {
  return h(
    "ul",
    { className: "skx-ledger", hidden: !list.length },
    list.map((answer) =>
      h(
        "li",
        { title: answer.title },
        sign(answer.state),
        h("span", { className: "skx-answer-service" }, answer.service),
        h("span", { className: "skx-answer-text", "data-state": answer.state, "data-more": String(answer.more) }, answer.text),
        answer.asking ? null : h("span", { className: "skx-soft" }, fill(texts.seconds, { seconds: answer.seconds.toFixed(1) })),
        answer.said ? h("p", { className: "skx-soft" }, answer.said, answer.advice ? ` ${answer.advice}` : "") : null,
      ),
    ),
  );
}
