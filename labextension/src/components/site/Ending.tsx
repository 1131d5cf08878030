/** The end of the page: removing the site. */
import * as React from 'react';
import { CommandIDs } from '../../tokens';
import { ISectionProps } from './SitePage';

export function Ending({ site, trans, run }: ISectionProps): JSX.Element {
  const id = `dialup-${site.name}-ending`;
  return (
    <section className="dialup-Section" aria-labelledby={id}>
      <h3 id={id}>{trans.__('Remove the site')}</h3>
      <p className="dialup-Calm">
        {trans.__('Its address, releases, variables and data go away for good. The files in your folder stay.')}
      </p>
      <button className="dialup-Button dialup-mod-bad" onClick={() => run(CommandIDs.remove, { site: site.name })}>
        {trans.__('Remove %1…', site.name)}
      </button>
    </section>
  );
}
