// Bundles the browser side into ../static: the sky and the small module that loads it, and one module for the panels.
//
// ipyaladin's widget.js imports Aladin Lite from a CDN; here that import is answered by the npm
// package, so that nothing is fetched when a notebook opens. IPYALADIN_STATIC names the folder
// of the installed ipyaladin's front end.
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "..", "static");
const ipyaladin = process.env.IPYALADIN_STATIC;
if (!ipyaladin) throw new Error("IPYALADIN_STATIC must name the static folder of the installed ipyaladin");

const offlineAladin = {
  name: "offline-aladin",
  setup(build) {
    build.onResolve({ filter: /^https?:\/\/[^/]+\/aladin-lite@/ }, (args) =>
      build.resolve("aladin-lite", { kind: args.kind, resolveDir: here }),
    );
    build.onResolve({ filter: /^ipyaladin-widget$/ }, () => ({ path: path.join(ipyaladin, "widget.js") }));
  },
};

const common = { bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "eof" };
await esbuild.build({
  ...common,
  entryPoints: [path.join(here, "src/sky/index.js")],
  outfile: path.join(out, "sky.js"),
  plugins: [offlineAladin],
});
await esbuild.build({
  ...common,
  entryPoints: [path.join(here, "src/sky/loader.js")],
  outfile: path.join(out, "loader.js"),
});
await esbuild.build({
  ...common,
  entryPoints: [path.join(here, "src/panels/index.js")],
  outfile: path.join(out, "panels.js"),
});
// Style sheets: ipyaladin's own first, then each folder's main sheet and whatever lies beside it.
async function styles(folder, main) {
  const names = (await readdir(path.join(here, "src", folder))).filter((name) => name.endsWith(".css"));
  names.sort((a, b) => (b === main) - (a === main) || a.localeCompare(b));
  return Promise.all(names.map((name) => readFile(path.join(here, "src", folder, name), "utf8")));
}
const aladinCss = await readFile(path.join(ipyaladin, "widget.css"), "utf8");
await writeFile(path.join(out, "sky.css"), [aladinCss, ...(await styles("sky", "sky.css"))].join("\n"));
await writeFile(path.join(out, "panels.css"), (await styles("panels", "panels.css")).join("\n"));

// A remote import left in a bundle would break the promise that nothing is fetched.
for (const name of ["sky.js", "loader.js", "panels.js"]) {
  const text = await readFile(path.join(out, name), "utf8");
  const remote = text.match(/(?:from|import)\s*\(?\s*["']https?:[^"']+/);
  if (remote) throw new Error(`${name} still imports ${remote[0]}`);
}
