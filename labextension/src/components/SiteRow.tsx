/** One site: its state, its address, when it was last deployed, and the next sensible step. */
import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { bare, isWeb } from '../address';
import { CommandIDs, ISite } from '../tokens';
import { kindWord, lastDeploy, NextStep, nextStep, stateOf } from '../words';
import { IPanelProps } from './Panel';

const COMMAND_OF: Record<NextStep, string> = {
  preview: CommandIDs.preview,
  deploy: CommandIDs.deploy,
  start: CommandIDs.start,
  wake: CommandIDs.wake,
  watch: CommandIDs.showDeployment,
  explain: CommandIDs.showDeployment,
  halted: CommandIDs.sitePage
};

/** What stands beside the first button when something went wrong: the way on. */
const WAY_ON: Partial<Record<NextStep, string>> = { explain: CommandIDs.deploy, halted: CommandIDs.start };

export function SiteRow(props: IPanelProps & { site: ISite }): JSX.Element {
  const { site, model, trans, run } = props;
  const deployRun = model.runOf(site.name);
  const step = nextStep(site, deployRun !== undefined && !deployRun.finished);
  const isSelected = model.selected === site.name;
  const wayOn = WAY_ON[step];
  return (
    <li
      className={`dialup-Site${isSelected ? ' dialup-mod-selected' : ''}`}
      data-testid={`dialup-site-${site.name}`}
      aria-current={isSelected || undefined}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        const more = event.currentTarget.querySelector<HTMLElement>('[aria-haspopup=menu]');
        props.openMenu(site.name, more ?? event.currentTarget);
      }}
    >
      <FirstLine {...props} />
      <div className="dialup-Site-where">
        <Address site={site} />
        <span className="dialup-Kind">{kindWord(site.kind, trans)}</span>
      </div>
      <div className="dialup-Site-foot">
        <span className="dialup-Site-when">{lastDeploy(site, model.me?.account.name, trans)}</span>
        <button
          className={`dialup-Button${wayOn ? ' dialup-mod-bad' : ''}`}
          data-testid={`dialup-next-${site.name}`}
          onClick={() => run(COMMAND_OF[step], { site: site.name })}
        >
          {verb(step, props)}
          <span className="dialup-hidden"> {site.name}</span>
        </button>
        {wayOn && (
          <button
            className="dialup-Button"
            data-testid={`dialup-again-${site.name}`}
            onClick={() => run(wayOn, { site: site.name })}
          >
            {step === 'halted' ? trans.__('Start again') : trans.__('Deploy')}
            <span className="dialup-hidden"> {site.name}</span>
          </button>
        )}
      </div>
    </li>
  );
}

function FirstLine({ site, trans, run, openMenu }: IPanelProps & { site: ISite }): JSX.Element {
  const state = stateOf(site, trans);
  const more = trans.__('More for %1', site.name);
  return (
    <div className="dialup-Site-head">
      <button
        className="dialup-Site-name"
        title={trans.__('Open the folder of %1', site.name)}
        onClick={() => run(CommandIDs.openFolder, { site: site.name })}
      >
        {site.name}
      </button>
      <span className={`dialup-State dialup-mod-${state.tone}`} title={site.halted ?? site.error_message ?? undefined}>
        {state.word}
      </span>
      <button
        className="dialup-IconButton"
        title={more}
        aria-label={more}
        aria-haspopup="menu"
        data-testid={`dialup-menu-${site.name}`}
        onClick={event => openMenu(site.name, event.currentTarget)}
      >
        <ellipsesIcon.react tag="span" />
      </button>
    </div>
  );
}

/** A link once something answers there; before that, the address it will have. */
function Address({ site }: { site: ISite }): JSX.Element {
  if (!site.live_release || !isWeb(site.address)) {
    return <span className="dialup-Site-address dialup-mod-quiet">{bare(site.address)}</span>;
  }
  return (
    <a className="dialup-Site-address" href={site.address} target="_blank" rel="noopener noreferrer">
      {bare(site.address)}
    </a>
  );
}

function verb(step: NextStep, { trans }: IPanelProps): string {
  const words: Record<NextStep, string> = {
    preview: trans.__('Preview'),
    deploy: trans.__('Deploy'),
    start: trans.__('Start'),
    wake: trans.__('Wake'),
    watch: trans.__('Show progress'),
    explain: trans.__('See why it failed'),
    halted: trans.__('See why')
  };
  return words[step];
}
