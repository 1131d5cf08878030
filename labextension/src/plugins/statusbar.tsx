/** One line in the status bar: how many sites are live, and what is under way. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { isFinal } from '../run';
import { CommandIDs, ISitesModel } from '../tokens';

export const statusbarPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:statusbar',
  description: 'Shows how many sites are live.',
  autoStart: true,
  requires: [ISitesModel, IStatusBar],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ISitesModel,
    statusBar: IStatusBar,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('dialup');
    const item = ReactWidget.create(
      <UseSignal signal={model.changed}>
        {() => (
          <button
            className="dialup-StatusItem"
            title={trans.__('Show your sites')}
            data-testid="dialup-statusbar"
            onClick={() => void app.commands.execute(CommandIDs.showPanel)}
          >
            {sentence(model, trans)}
          </button>
        )}
      </UseSignal>
    );
    statusBar.registerStatusItem('@dialup/labextension:statusbar', { item, align: 'left', rank: 90 });
  }
};

function sentence(model: ISitesModel, trans: TranslationBundle): string {
  if (!model.loaded) {
    return model.problem ? trans.__('Sites: not available') : trans.__('Sites…');
  }
  if (model.staleSince) {
    return trans.__('Sites: no connection');
  }
  const busy = model.sites.filter(site => site.deployment && !isFinal(site.deployment));
  const live = model.sites.filter(site => site.live_release && site.status !== 'stopped').length;
  const count = trans._n('%1 site live', '%1 sites live', live);
  return busy.length > 0 ? trans.__('%1 · deploying %2', count, busy.map(site => site.name).join(', ')) : count;
}
