// Geometry on the sphere, degrees in and out; nothing of the screen.
const RAD = Math.PI / 180;

export function unit([ra, dec]) {
  const [a, d] = [ra * RAD, dec * RAD];
  return [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
}

export function place([x, y, z]) {
  const ra = Math.atan2(y, x) / RAD;
  return [ra < 0 ? ra + 360 : ra, Math.atan2(z, Math.hypot(x, y)) / RAD];
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const mix = (a, p, b, q) => [p * a[0] + q * b[0], p * a[1] + q * b[1], p * a[2] + q * b[2]];

// Components of the second place as seen from the first: to the north, to the east, and towards it. The northern one is
// written so that nothing is lost where the two are near: sin d2 cos d1 - cos d2 sin d1 cos a = sin(d2 - d1) + ...
function seen([ra, dec], [ra2, dec2]) {
  const [s1, c1, s2, c2] = [Math.sin(dec * RAD), Math.cos(dec * RAD), Math.sin(dec2 * RAD), Math.cos(dec2 * RAD)];
  const turn = eastward(ra, ra2) * RAD;
  const north = Math.sin((dec2 - dec) * RAD) + 2 * c2 * s1 * Math.sin(turn / 2) ** 2;
  return [north, c2 * Math.sin(turn), s1 * s2 + c1 * c2 * Math.cos(turn)];
}

// Vincenty's form: right for antipodes and for neighbours alike.
export function separation(from, to) {
  const [north, east, along] = seen(from, to);
  return Math.atan2(Math.hypot(north, east), along) / RAD;
}

// Of the second as seen from the first, east of north, 0 to 360.
export function positionAngle(from, to) {
  const [north, east] = seen(from, to);
  const angle = Math.atan2(east, north) / RAD;
  return angle < 0 ? angle + 360 : angle;
}

// Points along the great circle from one place to another, both included, a step at most `step` degrees.
export function arc(from, to, step = 1) {
  const [a, b] = [unit(from), unit(to)];
  const along = separation(from, to);
  const n = Math.min(360, Math.max(1, Math.ceil(along / step)));
  const sine = Math.sin(along * RAD);
  if (n === 1 || sine < 1e-9) return [from, to];
  const inner = Array.from({ length: n - 1 }, (_, i) => {
    const t = ((i + 1) / n) * along * RAD;
    return place(mix(a, Math.sin(along * RAD - t) / sine, b, Math.sin(t) / sine));
  });
  return [from, ...inner, to];
}

export const middle = (from, to) => place(mix(unit(from), 1, unit(to), 1));

// Points of a small circle.
export function around([ra, dec], radius, n = 90) {
  const [s, c] = [Math.sin(radius * RAD), Math.cos(radius * RAD)];
  const [sd, cd] = [Math.sin(dec * RAD), Math.cos(dec * RAD)];
  return Array.from({ length: n }, (_, i) => {
    const t = (2 * Math.PI * i) / n;
    const z = sd * c + cd * s * Math.cos(t);
    const d = Math.asin(Math.max(-1, Math.min(1, z)));
    return [ra + Math.atan2(Math.sin(t) * s * cd, c - sd * z) / RAD, d / RAD];
  });
}

// The turn of the sphere that brings one place to another the shortest way, done to points.
export function carried(points, from, to) {
  const [a, b] = [unit(from), unit(to)];
  const axis = cross(a, b);
  const sine = Math.hypot(...axis);
  if (sine < 1e-12) return points;
  const k = axis.map((value) => value / sine);
  const cosine = dot(a, b);
  return points.map((point) => {
    const v = unit(point);
    const turned = mix(mix(v, cosine, cross(k, v), sine), 1, k, dot(k, v) * (1 - cosine));
    return place(turned);
  });
}

// From the first right ascension to the second by the shorter way: -180 to 180.
export const eastward = (ra, to) => ((((to - ra + 180) % 360) + 360) % 360) - 180;

// An angle in the unit that suits it.
export function told(degrees) {
  if (degrees >= 1) return `${degrees.toFixed(degrees >= 10 ? 2 : 3)}°`;
  if (degrees * 60 >= 1) return `${(degrees * 60).toFixed(2)}′`;
  return `${(degrees * 3600).toFixed(degrees * 3600 >= 1 ? 2 : 3)}″`;
}
