// A clock that plays: told each frame how long ago the last one was; once a second where motion is not wanted.
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function clock({ begun, tick, changed }) {
  let frame = null;
  let last = 0;
  const self = {
    get on() {
      return frame !== null;
    },
    start() {
      if (self.on) return;
      last = performance.now();
      frame = requestAnimationFrame(step);
      begun();
      changed(true);
    },
    stop() {
      if (!self.on) return;
      cancelAnimationFrame(frame);
      frame = null;
      changed(false);
    },
    dispose() {
      cancelAnimationFrame(frame);
      frame = null;
    },
  };
  function step(now) {
    // A page that was hidden goes on where it was.
    const seconds = Math.min((now - last) / 1000, still.matches ? 1 : 0.25);
    frame = requestAnimationFrame(step);
    if (still.matches && seconds < 1) return;
    last = now;
    if (seconds > 0 && !tick(seconds)) self.stop();
  }
  return self;
}
