/** The releases one may go back to; the one before the live one is chosen at first. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IRelease } from '../tokens';
import { ago, size } from '../words';

export interface IReleaseListProps {
  releases: readonly IRelease[];
  live: number | null;
  first: number | null;
  trans: TranslationBundle;
  onChange: (release: number) => void;
}

export function ReleaseList({ releases, live, first, trans, onChange }: IReleaseListProps): JSX.Element {
  const [chosen, setChosen] = React.useState(first);
  const choose = (number: number) => {
    setChosen(number);
    onChange(number);
  };
  return (
    <fieldset className="dialup-Releases" data-testid="dialup-releases">
      <legend className="dialup-hidden">{trans.__('Releases')}</legend>
      {releases.map(({ id, number, created_at, created_by, file_count, size_bytes }) => (
        <label key={id} className="dialup-Release">
          <input
            type="radio"
            name="dialup-release"
            checked={chosen === number}
            disabled={number === live}
            onChange={() => choose(number)}
          />
          <strong>{trans.__('Release %1', number)}</strong>
          <span>{number === live ? trans.__('live now') : trans.__('%1 by %2', ago(new Date(created_at), trans), created_by)}</span>
          <span>{trans._n('%1 file, %2', '%1 files, %2', file_count, size(size_bytes))}</span>
        </label>
      ))}
    </fieldset>
  );
}
