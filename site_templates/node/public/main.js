// Show the wall and keep it up to date.
import { connect } from "./live.js";

const [form, notes, waves, wavesWord, waveButton, status] =
  ["form", "notes", "waves", "waves-word", "wave", "status"].map((id) => document.getElementById(id));

const live = connect({
  welcome(message) {
    notes.replaceChildren(...message.notes.map(paper));
    show(message.waves);
  },
  note({ note }) {
    const element = paper(note);
    element.classList.add("new");
    notes.prepend(element);
  },
  waves(message) {
    show(message.waves);
    waveButton.classList.remove("waved");
    void waveButton.offsetWidth; // lets the same animation play again
    waveButton.classList.add("waved");
  },
  here({ here }) {
    status.dataset.state = "live";
    status.textContent = here === 1 ? "Live. You are the only one here" : `Live. ${here} people are here`;
  },
  away() {
    status.dataset.state = "waiting";
    status.textContent = "Not connected. Trying again…";
  },
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, text } = form.elements;
  if (!live.send({ type: "note", name: name.value, text: text.value })) return;
  text.value = "";
  text.focus();
});

waveButton.addEventListener("click", () => live.send({ type: "wave" }));

function show(count) {
  waves.value = count;
  wavesWord.textContent = count === 1 ? "wave so far" : "waves so far";
}

/** One note. Everything people typed goes in as text, never as HTML. */
function paper({ name, text, colour, at }) {
  const item = document.createElement("li");
  item.className = "note";
  item.style.background = `var(--${colour})`;
  const footer = document.createElement("footer");
  const who = document.createElement("strong");
  who.textContent = name;
  const when = document.createElement("time");
  when.dateTime = at;
  when.textContent = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  footer.append(who, when);
  item.append(text, footer);
  return item;
}
