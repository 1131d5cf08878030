/** Says aloud, to those who cannot see the dots, which site's state changed to what. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ISite } from '../tokens';
import { stateOf } from '../words';

export function Announcer(props: { sites: readonly ISite[]; trans: TranslationBundle }): JSX.Element {
  const words = new Map(props.sites.map(site => [site.name, stateOf(site, props.trans).word]));
  const before = React.useRef<typeof words | null>(null);
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    const known = before.current;
    before.current = words;
    const changed = known ? [...words].filter(([name, word]) => known.has(name) && known.get(name) !== word) : [];
    if (changed.length > 0) {
      setText(changed.map(([name, word]) => `${name}: ${word}`).join(', '));
    }
  });
  return (
    <p className="dialup-hidden" role="status" aria-live="polite" data-testid="dialup-announcer">
      {text}
    </p>
  );
}
