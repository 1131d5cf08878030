// Follows a starting lab and goes there when it runs. Without it the page reloads by itself.
"use strict";

const bar = document.getElementById("progress");
const message = document.getElementById("message");
const again = () => location.replace(location.pathname + location.search);
const source = new EventSource("/dialup/api/v1/lab/events");

source.addEventListener("progress", (event) => {
  const lab = JSON.parse(event.data);
  if (lab.state !== "starting") { source.close(); again(); return; }
  bar.value = lab.progress;
  if (lab.message) message.textContent = lab.message;
});
source.addEventListener("error", () => { source.close(); setTimeout(again, 2000); });
