/** The head of a site's page: name, state, address, what it is, and the next steps. */
import * as React from 'react';
import { bare, isWeb } from '../../address';
import { CommandIDs } from '../../tokens';
import { ago, kindWord, lastDeploy, megabytes, size, stateOf } from '../../words';
import { Problem } from '../Problem';
import { ISectionProps } from './SitePage';

export function Overview(props: ISectionProps): JSX.Element {
  const { site, trans, details, run } = props;
  const state = stateOf(site, trans);
  const problem = details.problems.get('life');
  return (
    <header className="dialup-Page-head">
      <div className="dialup-Page-title">
        <h2>{site.name}</h2>
        <span className={`dialup-State dialup-mod-${state.tone}`} role="status">
          {state.word}
        </span>
      </div>
      {site.live_release && isWeb(site.address) ? (
        <a className="dialup-Big-link" href={site.address} target="_blank" rel="noopener noreferrer">
          {bare(site.address)}
        </a>
      ) : (
        <span className="dialup-Calm">{trans.__('It will be at %1', bare(site.address))}</span>
      )}
      <Actions {...props} />
      {problem && <Problem problem={problem} trans={trans} />}
      {site.halted ? <Halted {...props} /> : site.status === 'sleeping' && <Sleeping {...props} />}
      {!site.halted && site.deployment?.status === 'failed' && (
        <div className="dialup-Card dialup-mod-bad" role="status">
          <strong>{site.deployment.failure?.message ?? trans.__('The last deployment failed.')}</strong>
          <p>{site.deployment.failure?.hint}</p>
          <button className="dialup-Button" onClick={() => run(CommandIDs.showDeployment, { site: site.name })}>
            {trans.__('See why it failed')}
          </button>
        </div>
      )}
      <Facts {...props} />
    </header>
  );
}

/** The steps that make sense now, the likeliest first. */
function Actions({ site, details, trans, run }: ISectionProps): JSX.Element {
  const name = site.name;
  const isUp = site.live_release !== null && !['stopped', 'sleeping'].includes(site.status) && !site.halted;
  const isBusy = details.busy !== null;
  const button = (label: string, onClick: () => void, tone = '', disabled = false) => (
    <button className={`dialup-Button ${tone}`} disabled={disabled} onClick={onClick}>
      {label}
    </button>
  );
  return (
    <div className="dialup-Actions" role="group" aria-label={trans.__('What you can do with %1', name)}>
      {button(trans.__('Deploy'), () => run(CommandIDs.deploy, { site: name }), 'dialup-mod-primary')}
      {button(trans.__('Preview'), () => run(CommandIDs.preview, { site: name }))}
      {button(trans.__('Open folder'), () => run(CommandIDs.openFolder, { site: name }))}
      {site.live_release && button(trans.__('Logs'), () => run(CommandIDs.logs, { site: name }))}
      {site.status === 'stopped' && button(trans.__('Start'), () => void details.act('start'), '', isBusy)}
      {site.status === 'sleeping' && button(trans.__('Wake'), () => void details.act('wake'), '', isBusy)}
      {isUp && site.runs && button(trans.__('Restart'), () => void details.act('restart'), '', isBusy)}
      {isUp && button(trans.__('Stop'), () => void details.act('stop'), '', isBusy)}
    </div>
  );
}

function Halted({ site, details, trans, run }: ISectionProps): JSX.Element {
  return (
    <div className="dialup-Card dialup-mod-bad" role="alert" data-testid="dialup-halted">
      <strong>{trans.__('The server stopped starting this site')}</strong>
      <p className="dialup-Calm">{site.halted}</p>
      <p>{trans.__('Its log says what the program wrote before it ended. Mend that and deploy, or start it again.')}</p>
      <div className="dialup-Actions">
        <button className="dialup-Button" onClick={() => run(CommandIDs.logs, { site: site.name })}>
          {trans.__('See why')}
        </button>
        <button
          className="dialup-Button"
          disabled={details.busy === 'life'}
          onClick={() => void details.act('start')}
        >
          {trans.__('Start again')}
        </button>
      </div>
    </div>
  );
}

function Sleeping({ trans }: ISectionProps): JSX.Element {
  return (
    <div className="dialup-Card" role="status" data-testid="dialup-asleep">
      <strong>{trans.__('Asleep: nobody visited for a while')}</strong>
      <p>{trans.__('It uses no memory now. The next visitor wakes it, which takes a second or two.')}</p>
    </div>
  );
}

function Facts({ site, details, me, trans }: ISectionProps): JSX.Element {
  const live = details.releases.find(release => release.number === site.live_release?.number);
  const deployed = lastDeploy(site, me, trans);
  const facts: [string, React.ReactNode][] = [
    [trans.__('Kind'), <>{kindWord(site.kind, trans)}{live?.why && <small>{live.why}</small>}</>],
    [
      trans.__('Live'),
      site.live_release ? trans.__('Release %1', site.live_release.number) : trans.__('Nothing yet')
    ],
    [trans.__('Last deployed'), deployed || trans.__('Never')],
    [trans.__('Created'), ago(new Date(site.created_at), trans)],
    [trans.__('Memory'), memory(site, trans)],
    [trans.__('Storage'), size(site.storage_bytes)]
  ];
  return (
    <dl className="dialup-Facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function memory(site: ISectionProps['site'], trans: ISectionProps['trans']): string {
  if (site.memory_mb !== null) {
    return megabytes(site.memory_mb);
  }
  return site.live_release && !site.runs ? trans.__('none needed') : trans.__('not running');
}
