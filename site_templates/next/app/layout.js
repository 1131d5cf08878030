import Link from 'next/link';
import './page.css';

export const metadata = {
  title: { default: 'What is for supper?', template: '%s · Supper' },
  description: 'One dish for tonight, and what to do about it.',
};

export const viewport = { colorScheme: 'light dark' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">Skip to the dish</a>
        <header>
          <Link className="mark" href="/">Supper</Link>
        </header>
        <main id="main">{children}</main>
        <footer>
          <p>Cooked for a few, hosted among friends.</p>
        </footer>
      </body>
    </html>
  );
}
