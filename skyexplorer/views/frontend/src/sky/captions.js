// Texts of region files, beside what they name.
import { label } from "./shapes.js";

export function drawCaptions(g, captions, project, width, height) {
  if (!captions?.length) return;
  const xy = project(Float64Array.from(captions, (c) => c.ra), Float64Array.from(captions, (c) => c.dec));
  captions.forEach(({ text }, i) => {
    const x = xy[2 * i], y = xy[2 * i + 1];
    if (x > 0 && x < width && y > 0 && y < height) label(g, text, x + 6, y - 8);
  });
}
