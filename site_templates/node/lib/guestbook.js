// What is on the wall: notes and hearts. Kept in memory, so a restart begins a clean wall.

const MOST_NOTES = 60;
const MOST_LETTERS = 240;
const COLOURS = ["sun", "sea", "rose", "leaf", "plum"];

export class Guestbook {
  #notes = [];
  #hearts = 0;
  #next = 1;

  /** Add a note and return it, or return null when there is nothing to add. */
  add(name, text) {
    const note = {
      id: this.#next++,
      name: tidy(name, 40) || "Somebody",
      text: tidy(text, MOST_LETTERS),
      colour: COLOURS[this.#next % COLOURS.length],
      at: new Date().toISOString(),
    };
    if (!note.text) return null;
    this.#notes = [note, ...this.#notes].slice(0, MOST_NOTES);
    return note;
  }

  /** Count one more heart and return how many there are. */
  heart() {
    return ++this.#hearts;
  }

  /** Everything a new visitor needs to see. */
  state() {
    return { notes: this.#notes, hearts: this.#hearts };
  }
}

function tidy(text, most) {
  return String(text ?? "").replace(/\s+/g, " ").trim().slice(0, most);
}
