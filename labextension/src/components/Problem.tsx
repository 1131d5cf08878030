/** A problem in words: what happened, what to do, and a button to try again. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IProblem } from '../tokens';

export interface IProblemProps {
  problem: IProblem;
  trans: TranslationBundle;
  retry?: () => void;
}

export function Problem({ problem, trans, retry }: IProblemProps): JSX.Element {
  return (
    <div className="dialup-Card dialup-mod-bad" role="alert" data-testid="dialup-problem">
      <strong>{problem.message}</strong>
      {problem.hint && <p>{problem.hint}</p>}
      {retry && (
        <button className="dialup-Button" onClick={retry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}
