// Show the wall and keep it up to date.
import { connect } from "./live.js";

const [form, notes, hearts, heartsWord, heartButton, status] =
  ["form", "notes", "hearts", "hearts-word", "heart", "status"].map((id) => document.getElementById(id));

const live = connect({
  welcome(message) {
    notes.replaceChildren(...message.notes.map(paper));
    show(message.hearts);
  },
  note({ note }) {
    const element = paper(note);
    element.classList.add("new");
    notes.prepend(element);
  },
  hearts(message) {
    show(message.hearts);
    heartButton.classList.remove("beating");
    void heartButton.offsetWidth; // lets the same animation play again
    heartButton.classList.add("beating");
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

heartButton.addEventListener("click", () => live.send({ type: "heart" }));

function show(count) {
  hearts.value = count;
  heartsWord.textContent = count === 1 ? "heart so far" : "hearts so far";
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
