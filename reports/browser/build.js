// Builds page.bundle.js from main.js, the two bundles of ../explorer, and
// plotly/plotly-lab.min.js: `npm ci && npm run build`. Pages carry them as they are, so they are
// committed: a page needs no node.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { environmentPlugin } from "esbuild-plugin-environment";
import { glsl } from "esbuild-plugin-glsl";

// Paths in the bundles are relative to here, wherever the command is started from.
const here = fileURLToPath(new URL(".", import.meta.url));
// `npm run build -- FOLDER` writes elsewhere: the tests compare what is committed with that.
const out = process.argv[2] ?? here;

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "iife",
  legalComments: "none",
  charset: "utf8",
};

await build({
  ...common,
  entryPoints: ["main.js"],
  outfile: `${out}/page.bundle.js`,
  banner: { js: "// Made by `npm run build` from main.js and what it imports. Edit those." },
  globalName: "report",
  target: "es2023",
});

for (const name of ["explorer", "exported"]) {
  const folder = process.argv[2] ? out : `${here}/../explorer`;
  await build({
    ...common,
    entryPoints: [`../explorer/${name}.js`],
    outfile: `${folder}/${name}.bundle.js`,
    banner: {
      js: `// Made by \`npm run build\` from ${name}.js and what it imports. Edit those.`,
    },
    target: "es2023",
  });
}

const { version } = JSON.parse(
  readFileSync(`${here}/node_modules/plotly.js/package.json`, "utf8"),
);

// The settings are those of plotly.js's own esbuild-config.js.
await build({
  ...common,
  stdin: {
    contents: `
      import Plotly from "plotly.js/lib/core";
      import bar from "plotly.js/lib/bar";
      import heatmap from "plotly.js/lib/heatmap";
      // The page's security policy forbids code made at run time, which regl makes: the strict
      // variant brings it ready made.
      import parcoords from "plotly.js/src/traces/parcoords/strict";
      Plotly.register([bar, heatmap, parcoords]);
      window.Plotly = Plotly;
    `,
    resolveDir: here,
  },
  banner: {
    js: `/* plotly.js v${version} (scatter, bar, heatmap, parcoords), MIT: see LICENSE */`,
  },
  outfile: `${out}/plotly/plotly-lab.min.js`,
  minify: true,
  target: "es2020",
  // The only style sheet is MapLibre's, of maps that are no part of this bundle.
  loader: { ".css": "empty" },
  plugins: [glsl({ minify: true }), environmentPlugin({ NODE_DEBUG: false })],
  alias: { regl: "@plotly/regl", stream: "stream-browserify" },
  define: { global: "window", "define.amd": "false" },
});
