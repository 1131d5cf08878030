/** The widget around a site's page; what it knows lives in `SiteDetails`. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Message } from '@lumino/messaging';
import * as React from 'react';
import { DialupApi } from '../api';
import { SitePage } from '../components/site/SitePage';
import { SiteDetails } from '../details';
import { ISitesModel } from '../tokens';

export class SitePageContent extends ReactWidget {
  constructor(
    readonly site: string,
    api: DialupApi,
    private readonly model: ISitesModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('dialup-SitePage');
    this.node.tabIndex = -1;
    this.details = new SiteDetails(site, api, model);
  }

  dispose(): void {
    this.details.dispose();
    super.dispose();
  }

  /** Who opens the page with the keyboard goes on in it. */
  protected onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected render(): JSX.Element {
    return (
      <SitePage
        details={this.details}
        me={this.model.me?.account.name}
        trans={this.trans}
        run={(command, args) => void this.commands.execute(command, args)}
      />
    );
  }

  private readonly details: SiteDetails;
}
