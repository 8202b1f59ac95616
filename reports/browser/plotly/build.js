// Builds plotly-lab.min.js: `npm install && npm run build` in this folder.
// The settings are those of plotly.js's own esbuild-config.js.
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { environmentPlugin } from "esbuild-plugin-environment";
import { glsl } from "esbuild-plugin-glsl";
import inlineCss from "esbuild-plugin-inline-css";

const { version } = JSON.parse(readFileSync("node_modules/plotly.js/package.json", "utf8"));

await build({
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
    resolveDir: ".",
  },
  banner: { js: `/* plotly.js v${version} (scatter, bar, heatmap, parcoords), MIT: see LICENSE */` },
  outfile: "plotly-lab.min.js",
  bundle: true,
  format: "iife",
  minify: true,
  legalComments: "none",
  target: "es2020",
  plugins: [(inlineCss.default ?? inlineCss)(), glsl({ minify: true }), environmentPlugin({ NODE_DEBUG: false })],
  alias: { regl: "@plotly/regl", stream: "stream-browserify" },
  define: { global: "window", "define.amd": "false" },
});
