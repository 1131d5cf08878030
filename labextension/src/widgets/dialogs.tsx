/** The three questions that need a dialog: what to create, what to go back to, what to remove. */
import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { DialupApi, problemOf } from '../api';
import { INewSite, NewSiteForm } from '../components/NewSiteForm';
import { ReleaseList } from '../components/ReleaseList';
import { IProblem, IRelease, ISite, ITemplate } from '../tokens';

class Body<T> extends ReactWidget implements Dialog.IBodyWidget<T> {
  constructor(
    private value: T,
    private readonly draw: (first: T, onChange: (value: T) => void) => JSX.Element
  ) {
    super();
    this.first = value;
  }

  getValue(): T {
    return this.value;
  }

  protected render(): JSX.Element {
    return this.draw(this.first, value => (this.value = value));
  }

  private readonly first: T;
}

/** Ask for name and template and create the site; null when the person thinks better of it. */
export async function askNewSite(
  api: DialupApi,
  domain: string,
  templates: readonly ITemplate[],
  proposal: string,
  trans: TranslationBundle
): Promise<ISite | null> {
  let first: INewSite = { name: proposal, template: templates[0]?.name ?? 'static' };
  let problem: IProblem | null = null;
  for (;;) {
    const asked: { first: INewSite; problem: IProblem | null } = { first, problem };
    const body = new Body<INewSite>(first, (_, onChange) => (
      <NewSiteForm {...asked} {...{ templates, domain, trans, onChange }} check={api.checkName} />
    ));
    const answer = await showDialog({
      title: trans.__('New site'),
      body,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Create') })]
    });
    if (!answer.button.accept || !answer.value) {
      return null;
    }
    try {
      return await api.createSite(answer.value.name, answer.value.template);
    } catch (error) {
      first = answer.value;
      problem = problemOf(error);
    }
  }
}

/** Ask which release to go back to; null for none. */
export async function askRelease(
  site: ISite,
  releases: readonly IRelease[],
  trans: TranslationBundle
): Promise<number | null> {
  const live = site.live_release?.number ?? null;
  const before = releases.find(release => live === null || release.number < live)?.number ?? null;
  const body = new Body<number | null>(before, (first, onChange) => (
    <ReleaseList {...{ releases, live, first, trans, onChange }} />
  ));
  const answer = await showDialog({
    title: trans.__('Roll %1 back to', site.name),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Roll back') })]
  });
  return answer.button.accept ? answer.value ?? null : null;
}

/** True when the person really wants the site gone. */
export async function askRemove(site: ISite, trans: TranslationBundle): Promise<boolean> {
  const answer = await showDialog({
    title: trans.__('Remove %1?', site.name),
    body: trans.__(
      'Its address, its releases, their logs, its variables and its data go away for good. The files in your folder “%1” stay.',
      site.name
    ),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Remove %1', site.name) })],
    defaultButton: 0 // Enter must not remove anything
  });
  return answer.button.accept;
}
