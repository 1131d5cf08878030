/** Whether a site has a folder for data that stays. */
import * as React from 'react';
import { ISectionProps, Section } from './SitePage';

export function DataFolder(props: ISectionProps): JSX.Element {
  const { site, details, trans } = props;
  if (site.live_release && !site.runs) {
    return (
      <Section {...props} name="volume" title={trans.__('Data folder')}>
        <p className="dialup-Calm">
          {trans.__('This site is files only. Nothing of it runs that could keep data.')}
        </p>
      </Section>
    );
  }
  return (
    <Section {...props} name="volume" title={trans.__('Data folder')}>
      <p className="dialup-Calm">
        {trans.__(
          'A program may write files, but they are gone after the next start, except in this folder, whose name the program finds in DATA_DIR (usually /data): what it keeps there stays through restarts and deployments, and is in the backups.'
        )}
      </p>
      <label className="dialup-Tick">
        <input
          type="checkbox"
          role="switch"
          checked={site.volume}
          disabled={details.busy === 'volume'}
          data-testid="dialup-volume"
          onChange={event => void details.keepData(event.target.checked)}
        />
        <span>{site.volume ? trans.__('This site has a data folder') : trans.__('Give this site a data folder')}</span>
      </label>
      <p className="dialup-Calm">
        {trans.__(
          'With it, only one copy of the program may write at a time: while a deployment changes over, visitors’ requests wait a moment and then go on. None fails. Switched off, what is in the folder is kept for later.'
        )}
      </p>
    </Section>
  );
}
