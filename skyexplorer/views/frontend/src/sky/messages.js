// What the sky tells Python. The other direction has no messages: it is synced traits only.
// ipyaladin hands messages to its own table by `event_type`; ours share that key and its channel.
export const MESSAGE = Object.freeze({
  pick: "skx:pick", // {drawing: str, row: int} a source was chosen; {drawing: "", row: -1}: the empty sky
  surveyFailed: "skx:survey_failed", // {survey: str} a survey on the network did not answer
  pointer: "skx:pointer", // {view: str, turn: int, ra: float, dec: float} where the pointer is, while `_reads`
  thumbnail: "skx:thumbnail", // {layer: str, row: int} a source is pointed at: its light curve is wanted
  layerFailed: "skx:layer_failed", // {layer: str} the survey of a layer did not answer
  // {shape, points, final: bool, view: str, turn: int} a region is drawn, or moved (not final); points of a circle: center, edge;
  // of a box: two opposite corners; of a polygon: its corners
  region: "skx:region",
  tool: "skx:tool", // {name: str} a tool of the strip was taken, or put away: ""
  measured: "skx:measured", // {points: [[ra, dec], …]} measured between; none: taken away
  regionAct: "skx:region_act", // {act: "select" | "filter" | "unfilter" | "ask" | "layer" | "clear" | "copied" | "uncopied"}
  flat: "skx:flat", // {text: str} there is no WebGL 2, as the browser words it: a plain map stands in place of the sky
  failed: "skx:failed", // {text: str} something broke in the browser
});
