// The script of the page that lab.explore serves; `npm run build` in reports/browser makes
// explorer.bundle.js of it.

import { start } from "./connected.js";
import { server } from "./server.js";

start(server);
