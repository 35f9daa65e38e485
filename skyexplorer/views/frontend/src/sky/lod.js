// Which rows are drawn at which zoom, as in progressive HiPS catalogues.
//
// The sky is a cube: six faces, each halved in both directions from level to level, with the coordinate along
// a face taken as an angle, so that cells differ by no more than 1.4 in area. It has neither poles nor a seam at 0 h. A cell at
// level l is the key of a place shifted by 2 (DEPTH - l) bits: the rows of any cell of any level are neighbours in
// one sorted array. Each row belongs to the coarsest level at which it is among the first K of its cell, in order
// of importance. A view at level o draws the rows of levels up to o: exactly the first K of each cell (all where
// there are fewer), whatever is in view, and so nothing flickers while the sky is moved.
//
// `core` refers to nothing outside of it: its text is also the text of the worker (see stars.js).
export function core() {
  const DEPTH = 14; // cells of 20 arcseconds
  const FIRST = 1; // cells of 45 degrees
  const NOWHERE = 0x7fffffff; // key of a row without a position: behind all others
  const SIDE = 1 << DEPTH;

  function spread(v) {
    v = (v | (v << 8)) & 0x00ff00ff;
    v = (v | (v << 4)) & 0x0f0f0f0f;
    v = (v | (v << 2)) & 0x33333333;
    return (v | (v << 1)) & 0x55555555;
  }

  // Right ascension and declination in degrees.
  function keyOf(ra, dec) {
    const a = (ra * Math.PI) / 180, d = (dec * Math.PI) / 180;
    const x = Math.cos(d) * Math.cos(a), y = Math.cos(d) * Math.sin(a), z = Math.sin(d);
    const ax = Math.abs(x), ay = Math.abs(y), az = Math.abs(z);
    let face, u, v;
    if (ax >= ay && ax >= az) (face = x > 0 ? 0 : 1), (u = y / ax), (v = z / ax);
    else if (ay >= az) (face = y > 0 ? 2 : 3), (u = x / ay), (v = z / ay);
    else (face = z > 0 ? 4 : 5), (u = x / az), (v = y / az);
    const i = Math.min(SIDE - 1, Math.floor((Math.atan(u) * (2 / Math.PI) + 0.5) * SIDE));
    const j = Math.min(SIDE - 1, Math.floor((Math.atan(v) * (2 / Math.PI) + 0.5) * SIDE));
    return face * (1 << 28) + (spread(i) | (spread(j) << 1));
  }

  // Rows in order of their keys: `order[p]` is the row at place p, `at[row]` its place; `count` have a position.
  function sorted(ra, dec) {
    const n = ra.length;
    let key = new Uint32Array(n), order = new Uint32Array(n);
    let count = 0;
    for (let row = 0; row < n; row++) {
      order[row] = row;
      if (Number.isFinite(ra[row]) && Number.isFinite(dec[row])) (key[row] = keyOf(ra[row], dec[row])), count++;
      else key[row] = NOWHERE;
    }
    let key2 = new Uint32Array(n), order2 = new Uint32Array(n);
    for (let shift = 0; shift < 31; shift += 11) {
      const ends = new Uint32Array(2049);
      for (let p = 0; p < n; p++) ends[((key[p] >>> shift) & 2047) + 1]++;
      for (let b = 0; b < 2048; b++) ends[b + 1] += ends[b];
      for (let p = 0; p < n; p++) {
        const q = ends[(key[p] >>> shift) & 2047]++;
        key2[q] = key[p];
        order2[q] = order[p];
      }
      [key, key2, order, order2] = [key2, key, order2, order];
    }
    const at = order2; // taken again for it
    for (let p = 0; p < n; p++) at[order[p]] = p;
    return { key, order, at, count };
  }

  // Places of the shown rows by level (`list`, from starts[l] to starts[l + 1], each level in order of the keys),
  // and how many are shown before each place (`upto`). Marked rows come first, then `rank`, else the row's own number.
  function levels({ key, at, count }, shown, marked, rank, k) {
    const n = at.length;
    const todo = new Uint32Array(n);
    let left = 0;
    for (const wanted of marked ? [1, 0] : [0]) {
      for (let i = 0; i < n; i++) {
        const row = rank ? rank[i] : i;
        if (!shown[row] || at[row] >= count || (marked && marked[row] !== wanted)) continue;
        todo[left++] = at[row];
      }
    }
    const total = left;
    const level = new Uint8Array(count).fill(255);
    const upto = new Uint32Array(count + 1);
    for (let i = 0; i < left; i++) upto[todo[i] + 1] = 1;
    for (let p = 0; p < count; p++) upto[p + 1] += upto[p];
    const cell = new Uint32Array(count), drawn = new Uint8Array(count);
    for (let l = FIRST; l <= DEPTH && left; l++) {
      const shift = 2 * (DEPTH - l);
      let id = -1, last = -1;
      for (let p = 0; p < count; p++) {
        const c = key[p] >>> shift;
        if (c !== last) (last = c), (drawn[++id] = 0);
        cell[p] = id;
        // What is drawn at a coarser level is among the first here too: it needs no second look.
        if (level[p] < l) drawn[id]++;
      }
      let later = 0;
      for (let i = 0; i < left; i++) {
        const p = todo[i], c = cell[p];
        if (drawn[c] < k) drawn[c]++, (level[p] = l);
        else todo[later++] = p;
      }
      left = later;
    }
    for (let i = 0; i < left; i++) level[todo[i]] = DEPTH + 1;
    const starts = new Uint32Array(DEPTH + 3);
    for (let p = 0; p < count; p++) if (level[p] !== 255) starts[level[p] + 1]++;
    for (let l = 0; l < DEPTH + 2; l++) starts[l + 1] += starts[l];
    const next = starts.slice(), list = new Uint32Array(total);
    for (let p = 0; p < count; p++) if (level[p] !== 255) list[next[level[p]]++] = p;
    return { list, starts, upto };
  }

  return { DEPTH, FIRST, keyOf, sorted, levels };
}

export const { DEPTH, FIRST, keyOf, sorted, levels } = core();

// First index in [from, to) whose value is not below; `to` where there is none.
export function lower(values, value, from, to) {
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (values[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

const AXES = [
  (u, v) => [1, u, v], (u, v) => [-1, u, v], (u, v) => [u, 1, v],
  (u, v) => [u, -1, v], (u, v) => [u, v, 1], (u, v) => [u, v, -1],
]; // prettier-ignore

// Places of all rows in the cells that a cap touches, as [from, to, from, to, …]. `center` is a unit vector, `radius`
// in radians; a radius of π is the whole sky.
export function ranges(key, count, center, radius) {
  const found = [];
  const small = Math.max(radius / 3, 1e-6);
  const visit = (cell, level, i, j, from, to) => {
    if (from >= to) return;
    const side = Math.PI / 2 / (1 << level);
    const u = Math.tan(Math.PI / 4 * ((2 * i + 1) / (1 << level) - 1));
    const v = Math.tan(Math.PI / 4 * ((2 * j + 1) / (1 << level) - 1));
    const [x, y, z] = AXES[cell >>> (2 * level)](u, v);
    const cos = (x * center[0] + y * center[1] + z * center[2]) / Math.hypot(x, y, z);
    const reach = level ? REACH * side : 0.96; // from the middle of a cell to its farthest corner
    const apart = Math.acos(Math.max(-1, Math.min(1, cos)));
    if (apart > radius + reach) return;
    if (apart + reach < radius || side < small || to - from < 64 || level === DEPTH) {
      if (found.length && found[found.length - 1] === from) found[found.length - 1] = to;
      else found.push(from, to);
      return;
    }
    const shift = 2 * (DEPTH - level - 1);
    let start = from;
    for (let child = 0; child < 4; child++) {
      const id = cell * 4 + child;
      const end = child < 3 ? lower(key, (id + 1) * 2 ** shift, start, to) : to;
      visit(id, level + 1, 2 * i + (child & 1), 2 * j + (child >> 1), start, end);
      start = end;
    }
  };
  if (radius >= Math.PI) return [0, count];
  let start = 0;
  for (let face = 0; face < 6; face++) {
    const end = lower(key, (face + 1) * (1 << 28), start, count);
    visit(face, 0, 0, 0, start, end);
    start = end;
  }
  return found;
}
const REACH = 0.82; // largest half diagonal of a cell, in sides (0.81, at the corners of the cube)
