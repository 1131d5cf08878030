import { connection } from 'next/server';
import Link from 'next/link';
import Plate from '../components/Plate';
import { dishes, tonight } from '../lib/dishes';

/** The front page is drawn up anew for every visit, on the server: that is how it knows what day it is. */
export default async function Home() {
  await connection();
  const now = new Date();
  const dish = tonight(now);
  const day = now.toLocaleDateString('en-GB', { weekday: 'long' });

  return (
    <>
      <section className="tonight">
        <div>
          <p className="when">{day}</p>
          <h1>Tonight it is {dish.name.toLowerCase()}.</h1>
          <p className="lead">{dish.line}</p>
          <p>
            <Link className="button" href={`/dishes/${dish.slug}`}>How to make it</Link>
          </p>
        </div>
        <Plate dish={dish} size={280} />
      </section>

      <h2>The rest of the week</h2>
      <ul className="week">
        {dishes.filter((one) => one !== dish).map((one) => (
          <li key={one.slug}>
            <Link href={`/dishes/${one.slug}`}>
              <Plate dish={one} size={72} />
              <span>
                <strong>{one.name}</strong>
                <small>{one.minutes} minutes</small>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
