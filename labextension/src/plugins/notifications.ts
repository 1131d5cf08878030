/** Says how a deployment ended, unless its own tab is in view and says it already. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { find } from '@lumino/algorithm';
import { openTab } from '../address';
import { isFinal } from '../run';
import { CommandIDs, DEPLOY_TAB, IDeployment, ISitesModel } from '../tokens';
import { rolledBack, stillLive } from '../words';

const SUCCESS_SECONDS = 5;

export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:notifications',
  description: 'Notifies when a deployment ends.',
  autoStart: true,
  requires: [ISitesModel],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, model: ISitesModel, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load('dialup');
    const underWay = new Set<string>();
    const told = new Map<string, string>();
    const isInView = (site: string) =>
      !document.hidden &&
      find(app.shell.widgets('main'), tab => tab.id === DEPLOY_TAB + site && tab.isVisible) !== undefined;

    model.deploymentChanged.connect((_, deployment) => {
      const { id, site } = deployment;
      if (!isFinal(deployment)) {
        underWay.add(id);
        dismiss(told, site); // what was said of the one before is old now
      } else if (underWay.delete(id) && !isInView(site)) {
        const show = () => void app.commands.execute(CommandIDs.showDeployment, { site });
        const said = tell(deployment, model.site(site)?.address ?? '', show, trans);
        dismiss(told, site);
        if (said) {
          told.set(site, said);
        }
      }
    });
  }
};

function dismiss(told: Map<string, string>, site: string): void {
  const id = told.get(site);
  if (id) {
    told.delete(site);
    Notification.dismiss(id);
  }
}

/** The notice's id; null for endings that are no news to anybody. A failure stays until it is read. */
function tell(deployment: IDeployment, address: string, show: () => void, trans: TranslationBundle): string | null {
  const { site, release, status, action } = deployment;
  if (status === 'live') {
    const said = action === 'rollback' ? `${rolledBack(deployment, trans)}.` : trans.__('%1: release %2 is live.', site, release.number);
    return Notification.success(said, {
      autoClose: SUCCESS_SECONDS * 1000,
      actions: [{ label: trans.__('Visit'), callback: () => openTab(address), displayType: 'link' }]
    });
  }
  if (status === 'failed') {
    return Notification.error(trans.__('%1: release %2 did not go live. %3', site, release.number, stillLive(deployment, trans)), {
      autoClose: false,
      actions: [{ label: trans.__('See why'), callback: show, displayType: 'warn' }]
    });
  }
  return null;
}
