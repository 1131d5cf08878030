// The whole site: files from public/, a guestbook over a websocket, and a health check.
import { createServer } from "node:http";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { serveFiles } from "./lib/files.js";
import { Guestbook } from "./lib/guestbook.js";
import { openWall } from "./lib/wall.js";

const port = Number(process.env.PORT ?? 3000);
const developing = process.argv.includes("--dev");
const publicFolder = fileURLToPath(new URL("public/", import.meta.url));

const files = serveFiles(publicFolder);
const guestbook = new Guestbook();

const server = createServer((request, response) => {
  if (request.url === "/healthz") {
    response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-store" }).end("ok\n");
    return;
  }
  files(request, response);
});

const wall = openWall(server, guestbook, { developing });
server.listen(port, () => console.log(`Listening on port ${port}`));

if (developing) {
  const { watch } = await import("./lib/reload.js");
  watch(publicFolder, (path) => wall.changed(path));
}

// Asked to stop: take nothing new, finish what is running, say goodbye to open pages, then leave.
async function leave() {
  const closed = once(server, "close");
  server.close();
  wall.close();
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), 4000).unref();
  await closed;
  process.exit(0);
}
process.once("SIGTERM", leave);
process.once("SIGINT", leave);
