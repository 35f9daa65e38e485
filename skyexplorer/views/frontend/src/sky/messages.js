// What the sky tells Python. The other direction has no messages: it is synced traits only.
// ipyaladin hands messages to its own table by `event_type`; ours share that key and its channel.
export const MESSAGE = Object.freeze({
  pick: "skx:pick", // {drawing: str, row: int} a source was chosen; {drawing: "", row: -1}: the empty sky
  surveyFailed: "skx:survey_failed", // {survey: str} a survey on the network did not answer
  pointer: "skx:pointer", // {view: str, turn: int, ra: float, dec: float} where the pointer is, while `_reads`
  layerFailed: "skx:layer_failed", // {layer: str} the survey of a layer did not answer
  region: "skx:region", // {shape: "circle", points: [center, edge]} | {shape: "polygon", points: corners} | {shape: "", points: []}: ended
  failed: "skx:failed", // {text: str} something broke in the browser
});
