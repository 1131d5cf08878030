'use client';

import { useState } from 'react';

const FEWEST = 1;
const MOST = 12;

/** What the dish needs, for as many as come. This part runs in the browser. */
export default function Servings({ needs }) {
  const [people, setPeople] = useState(2);
  const change = (by) => setPeople((now) => Math.min(MOST, Math.max(FEWEST, now + by)));

  return (
    <section className="needs" aria-labelledby="needs">
      <h2 id="needs">What it needs</h2>
      <div className="people" role="group" aria-label="For how many">
        <button type="button" onClick={() => change(-1)} disabled={people === FEWEST} aria-label="One fewer">−</button>
        <output aria-live="polite">{people === 1 ? 'for one' : `for ${people}`}</output>
        <button type="button" onClick={() => change(1)} disabled={people === MOST} aria-label="One more">+</button>
      </div>
      <ul>
        {needs.map(([amount, unit, what]) => (
          <li key={what}>
            <b>{amount ? `${round(amount * people)} ${unit}`.trim() : unit}</b> {what}
          </li>
        ))}
      </ul>
    </section>
  );
}

function round(amount) {
  return amount >= 10 ? Math.round(amount / 5) * 5 : Math.round(amount * 2) / 2;
}
