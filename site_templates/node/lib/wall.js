// The live part: every open page holds one websocket and hears about everything at once.
import { randomUUID } from "node:crypto";
import { WebSocketServer } from "ws";

const HEARTBEAT_MS = 25_000; // proxies close connections that stay silent for a minute
const ALLOWANCE = 12; // messages a visitor may send in a burst; one more comes back each second

/** Join the guestbook to the server. `developing` lets pages reload when their files change. */
export function openWall(server, guestbook, { developing = false } = {}) {
  const sockets = new WebSocketServer({ server, path: "/live", maxPayload: 4096 });
  const start = randomUUID();

  const tell = (message) => {
    const text = JSON.stringify(message);
    for (const socket of sockets.clients) if (socket.readyState === socket.OPEN) socket.send(text);
  };
  const count = () => tell({ type: "here", here: sockets.clients.size });

  sockets.on("connection", (socket) => {
    const allowed = allowance();
    socket.alive = true;
    socket.on("pong", () => (socket.alive = true));
    socket.on("error", () => socket.terminate());
    socket.on("close", count);
    socket.on("message", (data) => {
      if (!allowed()) return;
      const message = parse(data);
      if (message?.type === "heart") tell({ type: "hearts", hearts: guestbook.heart() });
      if (message?.type === "note") {
        const note = guestbook.add(message.name, message.text);
        if (note) tell({ type: "note", note });
      }
    });
    socket.send(JSON.stringify({ type: "welcome", start, developing, ...guestbook.state() }));
    count();
  });

  const heartbeat = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!socket.alive) socket.terminate();
      socket.alive = false;
      socket.ping();
    }
  }, HEARTBEAT_MS);

  return {
    changed: (path) => tell({ type: "changed", path }),
    close() {
      clearInterval(heartbeat);
      for (const socket of sockets.clients) socket.close(1001, "restarting");
      sockets.close();
    },
  };
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function allowance() {
  let left = ALLOWANCE;
  let last = Date.now();
  return () => {
    const now = Date.now();
    left = Math.min(ALLOWANCE, left + (now - last) / 1000);
    last = now;
    return left >= 1 && left-- > 0;
  };
}
