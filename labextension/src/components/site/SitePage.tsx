/** One site on a page of its own: how it stands, what it has, and everything that can be done with it. */
import { UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Part, SiteDetails } from '../../details';
import { ISite } from '../../tokens';
import { Problem } from '../Problem';
import { DataFolder } from './DataFolder';
import { Deployments } from './Deployments';
import { Environment } from './Environment';
import { Ending } from './Ending';
import { Overview } from './Overview';
import { PreviewLinks } from './PreviewLinks';
import { SleepSetting } from './SleepSetting';

export interface ISitePageProps {
  details: SiteDetails;
  /** The name of the account that looks. */
  me: string | undefined;
  trans: TranslationBundle;
  run: (command: string, args?: Record<string, string>) => void;
}

export interface ISectionProps extends ISitePageProps {
  site: ISite;
}

export function SitePage(props: ISitePageProps): JSX.Element {
  return <UseSignal signal={props.details.changed}>{() => <Content {...props} />}</UseSignal>;
}

function Content(props: ISitePageProps): JSX.Element {
  const { details, trans } = props;
  const site = details.site;
  if (!site || !details.loaded) {
    return (
      <div className="dialup-Page dialup-Waiting" role="status" aria-label={trans.__('Loading %1', details.name)}>
        <span />
        <span />
        <span />
      </div>
    );
  }
  const all = { ...props, site };
  return (
    <div className="dialup-Page" data-testid={`dialup-page-${site.name}`}>
      <Overview {...all} />
      <Deployments {...all} />
      <Environment {...all} />
      <SleepSetting {...all} />
      <DataFolder {...all} />
      <PreviewLinks {...all} />
      <Ending {...all} />
    </div>
  );
}

/** A part of the page under its heading, with what went wrong in it. */
export function Section(
  props: ISectionProps & { name: Part; title: string; children: React.ReactNode; retry?: boolean }
): JSX.Element {
  const { details, name, title, trans, children } = props;
  const problem = details.problems.get(name);
  const id = `dialup-${details.name}-${name}`;
  return (
    <section className="dialup-Section" aria-labelledby={id} data-testid={`dialup-section-${name}`}>
      <h3 id={id}>{title}</h3>
      {problem && (
        <Problem problem={problem} trans={trans} retry={props.retry ? () => void details.load() : undefined} />
      )}
      {children}
    </section>
  );
}
