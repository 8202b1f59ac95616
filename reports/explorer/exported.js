// The script of the page that `lab.explore --export` writes; `npm run build` in reports/browser
// makes exported.bundle.js of it. The page itself holds onnxruntime-web and the generator.

import { start } from "./connected.js";
import { openGenerator } from "./generator.js";

openGenerator().then(start);
