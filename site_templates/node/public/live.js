// One websocket to where this page came from. It comes back by itself after a lost connection.

/** Call `on[type](message)` for every message, and `on.away()` when the connection is lost. */
export function connect(on) {
  const address = new URL("live", document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  let socket;
  let start;
  let pause = 250;

  function open() {
    socket = new WebSocket(address);
    socket.onopen = () => (pause = 250);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "changed") return refresh(message.path);
      if (message.type === "welcome") {
        if (message.developing && start && start !== message.start) return location.reload();
        start = message.start;
      }
      on[message.type]?.(message);
    };
    socket.onclose = () => {
      on.away?.();
      setTimeout(open, pause);
      pause = Math.min(pause * 1.6, 8000);
    };
  }

  open();
  return {
    /** True when the message left. */
    send(message) {
      const ready = socket.readyState === WebSocket.OPEN;
      if (ready) socket.send(JSON.stringify(message));
      return ready;
    },
  };
}

/** While developing: a new style sheet slips in, anything else loads the page again. */
function refresh(path) {
  const sheets = path.endsWith(".css") ? [...document.querySelectorAll("link[rel=stylesheet]")] : [];
  const sheet = sheets.find((link) => new URL(link.href).pathname.endsWith(`/${path}`));
  if (!sheet) return location.reload();
  const fresh = sheet.cloneNode();
  fresh.href = `${path}?${Date.now()}`;
  fresh.onload = () => sheet.remove();
  sheet.after(fresh);
}
