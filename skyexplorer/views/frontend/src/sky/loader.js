// What anywidget loads as the module of a sky: small, since anywidget gives a model two seconds for its module and its
// `initialize`, and loses all later changes of one that takes longer. Aladin with its WebAssembly can take longer, on a busy
// machine with several skies; `render` has no such limit.
//
// The code itself is a trait, imported once in a page: a second explorer finds it compiled.
import { hearAnyway } from "../hearing.js";

const codes = (globalThis[Symbol.for("skyexplorer.sky")] ??= new Map()); // by digest: a page may hold two releases

function code(model) {
  const digest = model.get("_code_digest");
  if (!codes.has(digest)) {
    const url = URL.createObjectURL(new Blob([model.get("_code")], { type: "text/javascript" }));
    const loading = import(url).finally(() => URL.revokeObjectURL(url));
    loading.catch(() => codes.delete(digest)); // the next view tries anew
    codes.set(digest, loading);
  }
  return codes.get(digest);
}

async function render(given) {
  const { model, signal } = given;
  hearAnyway(model);
  const sky = (await code(model)).default;
  await sky.initialize({ model });
  return signal?.aborted ? undefined : sky.render(given);
}

export default { render };
