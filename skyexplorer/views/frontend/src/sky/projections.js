// Projections of the sphere about a centre: of unit vectors (towards the centre, east, north) onto a plane, and back; null
// beside the sky. Both keep areas. Formulae: Calabretta & Greisen 2002, 5.1.6 (ZEA) and, for all of the sky, Hammer's.

export const equal = {
  forward(along, east, north) {
    const k = Math.sqrt(2 / Math.max(1e-12, 1 + along));
    return [k * east, k * north];
  },
  inverse(x, y) {
    const square = x * x + y * y;
    if (square > 4) return null;
    const k = Math.sqrt(1 - square / 4);
    return [1 - square / 2, k * x, k * y];
  },
};

export const hammer = {
  forward(along, east, north) {
    const half = Math.atan2(east, along) / 2;
    const cos = Math.sqrt(Math.max(0, 1 - north * north));
    const k = Math.sqrt(2 / (1 + cos * Math.cos(half)));
    return [2 * k * cos * Math.sin(half), k * north];
  },
  inverse(x, y) {
    const square = (x * x) / 16 + (y * y) / 4;
    if (square > 0.5) return null;
    const z = Math.sqrt(1 - square);
    const north = y * z;
    const longitude = 2 * Math.atan2(z * x, 2 * (2 * z * z - 1));
    const cos = Math.sqrt(Math.max(0, 1 - north * north));
    return [cos * Math.cos(longitude), cos * Math.sin(longitude), north];
  },
};
