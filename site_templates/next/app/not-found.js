import Link from 'next/link';

export const metadata = { title: 'Not on the menu' };

export default function NotFound() {
  return (
    <section>
      <p className="when">404</p>
      <h1>That is not on the menu.</h1>
      <p className="lead">Perhaps it was eaten. <Link href="/">See what is for supper tonight.</Link></p>
    </section>
  );
}
