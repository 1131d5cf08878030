// Keeps the parts marked data-live fresh: the server says what is new, the page is fetched again and
// those parts are exchanged. Without it everything is there after a reload.
"use strict";

const parts = () => [...document.querySelectorAll("[data-live][id]")];
let waiting = 0;
let source = null;

async function refresh() {
  waiting = 0;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected) { location.reload(); return; }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts()) {
    const other = fresh.getElementById(part.id);
    const busy = part.contains(document.activeElement) || part.querySelector("details[open]");
    if (other && !busy && other.innerHTML !== part.innerHTML) part.innerHTML = other.innerHTML;
  }
}

const soon = () => { waiting ||= setTimeout(() => refresh().catch(() => {}), 250); };

function listen() {
  if (source || document.hidden) return;
  source = new EventSource("/dialup/api/v1/events");
  for (const kind of ["site", "deployment", "preview", "removed", "lab"]) source.addEventListener(kind, soon);
}

// a hidden tab holds no connection: browsers allow six per host
function pause() {
  if (document.hidden && source) { source.close(); source = null; } else if (!document.hidden) { listen(); soon(); }
}

document.addEventListener("visibilitychange", pause);
listen();
