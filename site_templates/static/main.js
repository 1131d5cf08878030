// Two small pleasures: a switch between day and night, and new hills on request.
import { draw, sprinkle } from "./scenery.js";

const root = document.documentElement;
const themeButton = document.querySelector("#theme");
const viewButton = document.querySelector("#view");
const hills = document.querySelector(".hills");

const isNight = () =>
  (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "day")) === "night";

function label() {
  themeButton.textContent = isNight() ? "Day" : "Night";
}

function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* private windows may refuse; the page works without */ }
}

function recall(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

themeButton.addEventListener("click", () => {
  root.dataset.theme = isNight() ? "day" : "night";
  remember("theme", root.dataset.theme);
  label();
});

viewButton.addEventListener("click", () => {
  const view = Math.floor(Math.random() * 1e6);
  remember("view", view);
  draw(hills, view);
});

const theme = recall("theme");
if (theme) root.dataset.theme = theme;
const view = recall("view");
if (view) draw(hills, Number(view));
sprinkle(hills);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
label();
themeButton.hidden = viewButton.hidden = false;
