/** The panel: what you have, how much of it you may have, and the next step for each. */
import { UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { chartIcon } from '../icons';
import { CommandIDs, ISitesModel } from '../tokens';
import { ago, clock } from '../words';
import { Announcer } from './Announcer';
import { Problem } from './Problem';
import { QuotaBars } from './QuotaBars';
import { SiteRow } from './SiteRow';

export interface IPanelProps {
  model: ISitesModel;
  trans: TranslationBundle;
  run: (command: string, args?: Record<string, string>) => void;
  openMenu: (site: string, anchor: HTMLElement) => void;
}

export function Panel(props: IPanelProps): JSX.Element {
  useMinuteTick();
  return <UseSignal signal={props.model.changed}>{() => <Content {...props} />}</UseSignal>;
}

function Content(props: IPanelProps): JSX.Element {
  const { model, trans, run } = props;
  if (!model.loaded && model.problem) {
    return <Problem problem={model.problem} trans={trans} retry={() => void model.refresh()} />;
  }
  return (
    <>
      <Header {...props} />
      {model.me && (
        <QuotaBars quota={model.me.quota} trans={trans} open={() => run(CommandIDs.dashboard, { name: 'resources' })} />
      )}
      {model.staleSince && (
        <p className="dialup-Stale" role="status" data-testid="dialup-stale">
          {trans.__(
            'No connection since %1 (%2). What you see is from then. Trying again…',
            clock(model.staleSince),
            ago(model.staleSince, trans)
          )}
        </p>
      )}
      {!model.loaded ? <Waiting trans={trans} /> : <Sites {...props} />}
    </>
  );
}

function Header({ model, trans, run }: IPanelProps): JSX.Element {
  const mayCreate = model.me?.account.can_create_sites ?? true;
  const dashboard = trans.__('My resources');
  return (
    <header className="dialup-Header">
      <h2>{trans.__('Sites')}</h2>
      <button
        className="dialup-IconButton"
        title={dashboard}
        aria-label={dashboard}
        onClick={() => run(CommandIDs.dashboard, { name: 'resources' })}
      >
        <chartIcon.react tag="span" />
      </button>
      <button
        className="dialup-Button dialup-mod-primary"
        data-testid="dialup-new-site"
        disabled={!mayCreate}
        title={mayCreate ? undefined : trans.__('Your admin has not allowed you to create sites.')}
        onClick={() => run(CommandIDs.newSite)}
      >
        <addIcon.react tag="span" />
        {trans.__('New site')}
      </button>
    </header>
  );
}

function Sites(props: IPanelProps): JSX.Element {
  const { model, trans } = props;
  if (model.sites.length === 0) {
    return <Empty trans={trans} />;
  }
  return (
    <>
      <Announcer sites={model.sites} trans={trans} />
      <ul className="dialup-Sites" aria-label={trans.__('Your sites')} data-testid="dialup-sites">
        {model.sites.map(site => (
          <SiteRow key={site.id} {...props} site={site} />
        ))}
      </ul>
    </>
  );
}

function Empty({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="dialup-Empty" data-testid="dialup-empty">
      <strong>{trans.__('No sites yet')}</strong>
      <p>{trans.__('Pick a template, change the words, and it is on the web a minute later.')}</p>
    </div>
  );
}

function Waiting({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="dialup-Waiting" role="status" aria-label={trans.__('Loading your sites')}>
      <span />
      <span />
      <span />
    </div>
  );
}

/** Draw again every half minute while somebody looks, so that “2 min ago” stays true. */
function useMinuteTick(): void {
  const [, tick] = React.useState(0);
  React.useEffect(() => {
    const timer = window.setInterval(() => document.hidden || tick(n => n + 1), 30_000);
    return () => window.clearInterval(timer);
  }, []);
}
