/** What was deployed, newest first; a release that was live before can be brought back. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { CommandIDs, DeploymentStatus, IDeployment } from '../../tokens';
import { ago, statusWord } from '../../words';
import { ISectionProps, Section } from './SitePage';

const SHOWN_AT_FIRST = 5;
const TONES: Partial<Record<DeploymentStatus, string>> = {
  live: 'good',
  failed: 'bad',
  superseded: 'quiet',
  cancelled: 'quiet'
};

export function Deployments(props: ISectionProps): JSX.Element {
  const { details, trans } = props;
  const [all, setAll] = React.useState(false);
  const shown = all ? details.deployments : details.deployments.slice(0, SHOWN_AT_FIRST);
  const more = details.deployments.length - shown.length;
  return (
    <Section {...props} name="page" title={trans.__('Deployments')} retry={true}>
      {shown.length === 0 && (
        <p className="dialup-Calm">{trans.__('Nothing was deployed yet. Deploy puts your folder on its address.')}</p>
      )}
      <ul className="dialup-List">
        {shown.map(deployment => (
          <Row key={deployment.id} {...props} deployment={deployment} />
        ))}
      </ul>
      {more > 0 && (
        <button className="dialup-Button" onClick={() => setAll(true)}>
          {trans._n('%1 more', '%1 more', more)}
        </button>
      )}
    </Section>
  );
}

function Row({ deployment, site, details, me, trans, run }: ISectionProps & { deployment: IDeployment }): JSX.Element {
  const { release, status } = deployment;
  const isKept = details.releases.some(one => one.number === release.number);
  const isBefore = status === 'superseded' && release.number !== site.live_release?.number;
  return (
    <li>
      <strong>{trans.__('Release %1', release.number)}</strong>
      <span className={`dialup-State dialup-mod-${TONES[status] ?? 'busy'}`}>{statusWord(status, trans)}</span>
      <span className="dialup-List-note">{note(deployment, me, trans)}</span>
      {isBefore && isKept && (
        <button
          className="dialup-Button"
          aria-label={trans.__('Roll back to release %1', release.number)}
          onClick={() => run(CommandIDs.rollback, { site: site.name, release: String(release.number) })}
        >
          {trans.__('Roll back')}
        </button>
      )}
    </li>
  );
}

/** “2 min ago by you, rolled back”; of a failure, its cause. */
function note(deployment: IDeployment, me: string | undefined, trans: TranslationBundle): string {
  const who = deployment.created_by === me ? trans.__('you') : deployment.created_by;
  const when = trans.__('%1 by %2', ago(new Date(deployment.created_at), trans), who);
  if (deployment.failure) {
    return `${when}. ${deployment.failure.message}`;
  }
  return deployment.action === 'rollback' ? trans.__('%1, rolled back', when) : when;
}
