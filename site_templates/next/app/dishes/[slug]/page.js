import { notFound } from 'next/navigation';
import Plate from '../../../components/Plate';
import Servings from '../../../components/Servings';
import { dishes, find } from '../../../lib/dishes';

/** These pages are known beforehand, so building makes them once and for all. */
export function generateStaticParams() {
  return dishes.map(({ slug }) => ({ slug }));
}

export async function generateMetadata({ params }) {
  const dish = find((await params).slug);
  return { title: dish?.name, description: dish?.line };
}

export default async function Dish({ params }) {
  const dish = find((await params).slug);
  if (!dish) notFound();

  return (
    <article>
      <section className="tonight">
        <div>
          <p className="when">{dish.minutes} minutes</p>
          <h1>{dish.name}</h1>
          <p className="lead">{dish.line}</p>
        </div>
        <Plate dish={dish} size={200} />
      </section>
      <div className="recipe">
        <Servings needs={dish.needs} />
        <section>
          <h2>What to do</h2>
          <ol className="steps">
            {dish.steps.map((step) => <li key={step}>{step}</li>)}
          </ol>
        </section>
      </div>
    </article>
  );
}
