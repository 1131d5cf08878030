/** Says when a deployment ends, wherever it was started. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { openTab } from '../address';
import { isFinal } from '../run';
import { CommandIDs, IDeployment, ISitesModel } from '../tokens';
import { stillLive } from '../words';

export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:notifications',
  description: 'Notifies when a deployment ends.',
  autoStart: true,
  requires: [ISitesModel],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, model: ISitesModel, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load('dialup');
    const underWay = new Set<string>();
    model.deploymentChanged.connect((_, deployment) => {
      if (!isFinal(deployment)) {
        underWay.add(deployment.id);
      } else if (underWay.delete(deployment.id)) {
        const show = () => void app.commands.execute(CommandIDs.showDeployment, { site: deployment.site });
        tell(deployment, model.site(deployment.site)?.address ?? '', show, trans);
      }
    });
  }
};

function tell(deployment: IDeployment, address: string, show: () => void, trans: TranslationBundle): void {
  const { site, release, status } = deployment;
  if (status === 'live') {
    Notification.success(trans.__('%1: release %2 is live.', site, release.number), {
      autoClose: 6000,
      actions: [{ label: trans.__('Visit'), callback: () => openTab(address), displayType: 'link' }]
    });
  } else if (status === 'failed') {
    Notification.error(trans.__('%1: release %2 did not go live. %3', site, release.number, stillLive(deployment, trans)), {
      autoClose: 12_000,
      actions: [{ label: trans.__('See why'), callback: show, displayType: 'warn' }]
    });
  }
}
