// The rows of one layer: which are drawn in a view, and where on the screen.
//
// A few thousand are all drawn. Of more, those of the levels that the zoom calls for (lod.js), and only those whose cells
// are in view are looked at: the work of a frame grows with the screen, not with the catalogue.
import { core, DEPTH, FIRST, levels, lower, ranges, sorted } from "./lod.js";

const FEW = 10_000; // so many rows are all drawn, at every zoom
const IN_WORKER = 200_000; // sorting more than this is felt
export const PER_CELL = 32;
const CELL_PX = 64; // cells are half as large as this, to this
const GRAIN = 5; // rows in a cell of a map of density, about

// Typed arrays over the bytes that came, without a copy where they lie well.
const typed = (Type) => (view) => {
  if (!view) return null;
  const size = Type.BYTES_PER_ELEMENT;
  return view.byteOffset % size
    ? new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength))
    : new Type(view.buffer, view.byteOffset, view.byteLength / size);
};
export const float64 = typed(Float64Array);
export const float32 = typed(Float32Array);
export const uint32 = typed(Uint32Array);
export const uint8 = typed(Uint8Array);

// One byte a row of packed bits, the first row in the lowest bit.
export function unpacked(bits, n) {
  const packed = uint8(bits);
  const rows = new Uint8Array(n);
  for (let row = 0; row < n; row++) rows[row] = (packed[row >> 3] >> (row & 7)) & 1;
  return rows;
}

const decoder = new TextDecoder();

// The texts of the rows as they came: UTF-8 one behind the other, and where each begins.
export class Texts {
  constructor(bytes, starts) {
    this.bytes = uint8(bytes);
    this.starts = uint32(starts);
  }

  at(row) {
    return row + 1 < this.starts.length ? decoder.decode(this.bytes.subarray(this.starts[row], this.starts[row + 1])) : "";
  }
}

export class Stars {
  // `changed` is called when other rows are to be drawn.
  constructor(ra, dec, changed) {
    Object.assign(this, { ra, dec, changed, few: ra.length <= FEW, turn: 0, done: 0, crowds: new Map(), drawn: nothing() });
    if (this.few) return;
    this.sorting = ra.length > IN_WORKER ? inWorker(ra, dec) : null;
    if (!this.sorting) this.places = sorted(ra, dec);
  }

  // Another filter, other marks, another order of importance: no position is looked at again.
  async choose(shown, marked, rank) {
    Object.assign(this, { shown, marked });
    const turn = ++this.turn;
    if (this.few) {
      this.chosen = null; // sorted where a map of density asks for it
      this.done = turn;
      return;
    }
    const begun = performance.now();
    let made = null;
    if (this.sorting) {
      made = await this.sorting.ask({ shown, marked, rank }).catch((error) => {
        // Where the page allows no worker of ours it is done here.
        console.warn(`skyexplorer: no worker (${error.message ?? error}), sorting in the page`);
        return null;
      });
      if (made?.places) this.places = made.places; // they come once, with the first answer
      if (turn !== this.turn) return;
      if (!made) {
        this.sorting?.end();
        this.sorting = null;
        this.places = sorted(this.ra, this.dec);
      }
    }
    this.chosen = made?.chosen ?? levels(this.places, shown, marked, rank, PER_CELL);
    this.crowds.clear();
    this.took = performance.now() - begun;
    this.done = turn;
    this.changed();
  }

  // The level that a view is drawn at, and the size of its cells in pixels.
  level(eye) {
    const wanted = Math.ceil(Math.log2((90 * eye.pixelsPerDegree) / CELL_PX));
    const level = Math.max(FIRST, Math.min(DEPTH + 1, wanted));
    return [level, (90 * eye.pixelsPerDegree) / 2 ** level];
  }

  // What is drawn in this view: rows, most important first, their places on the screen, and for each how many shown rows
  // its cell holds (`crowd`, null where all rows are drawn anyway).
  look(eye) {
    this.drawn = this.few ? this.all(eye) : this.chosen ? this.some(eye) : nothing();
    return this.drawn;
  }

  // Nothing is drawn row by row, and nothing can be picked.
  rest() {
    this.drawn = nothing();
  }

  all(eye) {
    const { ra, dec, shown } = this;
    const xy = eye.project(ra, dec);
    const made = room(this.drawn, ra.length);
    let n = 0;
    for (let row = 0; row < ra.length; row++) {
      const x = xy[2 * row], y = xy[2 * row + 1];
      if (!shown[row] || !eye.holds(x, y)) continue;
      made.rows[n] = row;
      made.x[n] = x;
      made.y[n++] = y;
    }
    return Object.assign(made, { n, crowd: null, here: n, whole: true, level: null, cell: 0 });
  }

  some(eye) {
    const { places, chosen, shown } = this;
    const [level, cell] = this.level(eye);
    const found = ranges(places.key, places.count, eye.center, eye.radius);
    const pieces = []; // of the list, from, to, …: by level, so by importance
    let most = 0;
    for (let l = FIRST; l <= level; l++) {
      let from = chosen.starts[l];
      const end = chosen.starts[l + 1];
      for (let i = 0; i < found.length && from < end; i += 2) {
        from = lower(chosen.list, found[i], from, end);
        const to = lower(chosen.list, found[i + 1], from, end);
        if (to > from) pieces.push(from, to), (most += to - from);
        from = to;
      }
    }
    const at = new Uint32Array(most), ra = new Float64Array(most), dec = new Float64Array(most);
    let k = 0;
    for (let i = 0; i < pieces.length; i += 2) {
      for (let j = pieces[i]; j < pieces[i + 1]; j++, k++) {
        const row = places.order[chosen.list[j]];
        at[k] = chosen.list[j];
        ra[k] = this.ra[row];
        dec[k] = this.dec[row];
      }
    }
    const xy = eye.project(ra, dec);
    const own = this.crowding(Math.min(level, DEPTH)), around = this.crowding(Math.max(0, level - 2));
    const share = 4 ** (Math.max(0, level - 2) - Math.min(level, DEPTH));
    const made = room(this.drawn, most);
    made.crowd ??= new Float32Array(made.rows.length);
    let n = 0, here = 0;
    for (let i = 0; i < most; i++) {
      const x = xy[2 * i], y = xy[2 * i + 1];
      const row = places.order[at[i]];
      if (!shown[row] || !eye.holds(x, y)) continue; // hidden a moment ago: what is chosen may lag behind
      made.rows[n] = row;
      made.x[n] = x;
      made.y[n] = y;
      // By its own cell alone an even field would look chequered, by those around a small cluster would be one blot.
      made.crowd[n++] = Math.sqrt(own[at[i]] * Math.max(1, around[at[i]] * share));
      here += level > DEPTH ? 1 : Math.max(1, own[at[i]] / PER_CELL); // each stands for so many of its cell
    }
    const whole = level > DEPTH || (n === most && found[1] === places.count);
    if (whole && level <= DEPTH) here = chosen.list.length;
    return Object.assign(made, { n, here, whole, level, cell });
  }

  // How many shown rows there are in the cell of each place; kept for the levels of one zoom.
  crowding(level) {
    const { key, count } = this.places, { upto } = this.chosen;
    let crowd = this.crowds.get(level);
    if (crowd) {
      this.crowds.delete(level); // the one used last is the last to go
      this.crowds.set(level, crowd);
      return crowd;
    }
    const [oldest] = this.crowds.keys();
    if (this.crowds.size > 1) crowd = this.crowds.get(oldest), this.crowds.delete(oldest);
    crowd ??= new Float32Array(count);
    const shift = 2 * (DEPTH - level);
    for (let from = 0; from < count; ) {
      const cell = key[from] >>> shift;
      let to = from + 1;
      while (to < count && key[to] >>> shift === cell) to++;
      crowd.fill(upto[to] - upto[from], from, to);
      from = to;
    }
    this.crowds.set(level, crowd);
    return crowd;
  }

  // Cells in view of some pixels that hold shown rows: a row of each, and how many; for maps of density. `px` is the size
  // that is wanted, more where rows are sparse: `cell` is what it is.
  counted(eye, px) {
    if (!this.places) this.places = sorted(this.ra, this.dec); // of few rows, in this mode only
    if (!this.chosen) {
      this.chosen = levels(this.places, this.shown, null, null, PER_CELL);
      this.crowds.clear();
    }
    const { key, order, count } = this.places, { upto } = this.chosen;
    const found = ranges(key, count, eye.center, eye.radius);
    const level = this.grain(eye, px, found);
    const shift = 2 * (DEPTH - level);
    const rows = [], counts = [];
    for (let i = 0; i < found.length; i += 2) {
      for (let from = found[i]; from < found[i + 1]; ) {
        const next = ((key[from] >>> shift) + 1) * 2 ** shift;
        // Most cells hold a few rows: a step at a time is faster than halving.
        let to = from + 1;
        while (to < found[i + 1] && to < from + 16 && key[to] < next) to++;
        if (to === from + 16) to = lower(key, next, to, found[i + 1]);
        const shown = upto[to] - upto[from];
        if (shown) rows.push(order[(from + to) >> 1]), counts.push(shown);
        from = to;
      }
    }
    const ra = Float64Array.from(rows, (row) => this.ra[row]), dec = Float64Array.from(rows, (row) => this.dec[row]);
    return { xy: eye.project(ra, dec), counts, level, cell: (90 * eye.pixelsPerDegree) / 2 ** level };
  }

  // The level of a map of density: of cells of `px` pixels, or coarser, so that a cell holds some rows. Once taken it stays
  // while the sky is moved, unless it is far off.
  grain(eye, px, found) {
    const finest = Math.max(FIRST, Math.min(DEPTH, Math.round(Math.log2((90 * eye.pixelsPerDegree) / px))));
    let rows = 0;
    for (let i = 0; i < found.length; i += 2) rows += this.chosen.upto[found[i + 1]] - this.chosen.upto[found[i]];
    const cap = 2 * Math.PI * (1 - Math.cos(eye.radius));
    const wanted = 0.5 * Math.log2((Math.max(1, rows) * (4 * Math.PI)) / cap / (6 * GRAIN)); // rows a cell of this level
    const last = this.grained?.finest === finest ? this.grained.level : -9;
    const level = Math.abs(last - wanted) < 0.8 ? last : Math.round(wanted);
    this.grained = { finest, level };
    return Math.max(FIRST, Math.min(finest, level));
  }

  // How full cells of a level are: nearly the least and nearly the most, in the middle of rows.
  span(level) {
    const crowd = this.crowding(level);
    const step = Math.max(1, Math.floor(crowd.length / 4000));
    const some = Float32Array.from({ length: Math.floor(crowd.length / step) }, (_, i) => crowd[i * step]).sort();
    return [some[Math.floor(0.03 * some.length)], some[Math.min(some.length - 1, Math.floor(0.995 * some.length))]];
  }

  dispose() {
    this.turn++;
    this.sorting?.end();
  }
}

const nothing = () => ({ rows: new Uint32Array(0), x: new Float32Array(0), y: new Float32Array(0), crowd: null, n: 0, here: 0, whole: true, level: null });

// Arrays of the last frame, where they are long enough.
function room(last, n) {
  if (last.rows.length >= n) return last;
  const size = Math.ceil(n * 1.3);
  return { rows: new Uint32Array(size), x: new Float32Array(size), y: new Float32Array(size), crowd: null };
}

// Sorting beside the page. The worker is made from the text of `core`: a file of its own would have to be fetched.
function inWorker(ra, dec) {
  const text = `const { sorted, levels } = (${core})();
    let places;
    onmessage = ({ data: { turn, start, wanted, k } }) => {
      let fresh = null;
      if (start) {
        places = sorted(start.ra, start.dec);
        fresh = { key: places.key.slice(), order: places.order, count: places.count };
        places = { key: places.key, at: places.at, count: places.count };
      }
      const chosen = levels(places, wanted.shown, wanted.marked, wanted.rank, k);
      const moved = [chosen.list.buffer, chosen.starts.buffer, chosen.upto.buffer];
      if (fresh) moved.push(fresh.key.buffer, fresh.order.buffer);
      postMessage({ turn, places: fresh, chosen }, moved);
    };`;
  let worker, address;
  try {
    address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    worker = new Worker(address);
  } catch (error) {
    const refused = Promise.reject(error);
    refused.catch(() => {});
    return { ask: () => refused, end() {} };
  }
  const waiting = new Map();
  let turn = 0, started = false, broken = null;
  worker.onmessage = ({ data }) => {
    waiting.get(data.turn)?.[0](data);
    waiting.delete(data.turn);
  };
  worker.onerror = (event) => {
    broken = new Error(event.message || "refused by the page");
    for (const [, no] of waiting.values()) no(broken);
    waiting.clear();
  };
  return {
    ask(wanted) {
      return new Promise((yes, no) => {
        if (broken) return no(broken);
        waiting.set(++turn, [yes, no]);
        // Copies of what is a part of the message as it came, else all of that is copied.
        const start = started ? null : { ra: ra.slice(), dec: dec.slice() };
        const rank = wanted.rank?.slice();
        const moved = [...(start ? [start.ra.buffer, start.dec.buffer] : []), ...(rank ? [rank.buffer] : [])];
        worker.postMessage({ turn, start, wanted: { ...wanted, rank }, k: PER_CELL }, moved);
        started = true;
      });
    },
    end() {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}
