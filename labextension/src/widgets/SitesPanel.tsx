/** The side bar's widget around the panel. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';
import { Panel } from '../components/Panel';
import { dialupIcon } from '../icons';
import { CommandIDs, ISitesModel, PANEL_ID } from '../tokens';

const MENU: readonly (string | null)[] = [
  CommandIDs.visit,
  CommandIDs.openFolder,
  CommandIDs.sitePage,
  null,
  CommandIDs.preview,
  CommandIDs.stopPreview,
  CommandIDs.deploy,
  CommandIDs.showDeployment,
  null,
  CommandIDs.rollback,
  CommandIDs.chooseRelease,
  null,
  CommandIDs.logs,
  CommandIDs.wake,
  CommandIDs.start,
  CommandIDs.stop,
  CommandIDs.restart,
  null,
  CommandIDs.remove
];

export class SitesPanel extends ReactWidget {
  constructor(
    private readonly model: ISitesModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = PANEL_ID;
    this.addClass('dialup-Panel');
    this.title.icon = dialupIcon;
    this.title.caption = trans.__('Sites');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Sites'));
    this.node.dataset.testid = 'dialup-panel';
  }

  protected render(): JSX.Element {
    return (
      <Panel
        model={this.model}
        trans={this.trans}
        run={(command, args) => void this.commands.execute(command, args)}
        openMenu={(site, anchor) => this.openMenu(site, anchor)}
      />
    );
  }

  private openMenu(site: string, anchor: HTMLElement): void {
    const menu = new MenuSvg({ commands: this.commands });
    for (const command of MENU) {
      menu.addItem(command ? { command, args: { site } } : { type: 'separator' });
    }
    const { left, bottom } = anchor.getBoundingClientRect();
    menu.aboutToClose.connect(() => {
      window.setTimeout(() => {
        menu.dispose();
        if (document.activeElement === document.body) {
          anchor.focus(); // unless what was chosen took the focus already
        }
      });
    });
    menu.open(left, bottom);
    if (anchor.matches(':focus-visible')) {
      menu.activateNextItem();
    }
  }
}
