/** A preview's tab: its bar has load again, the page's errors, three widths, and a browser tab. */
import { Dialog, MainAreaWidget, ReactWidget, showDialog, UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, refreshIcon, Toolbar, ToolbarButton } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { Device } from '../components/PreviewView';
import { fullIcon, openIcon, phoneIcon, previewIcon, tabletIcon } from '../icons';
import { PreviewContent } from './PreviewContent';

export function previewTab(content: PreviewContent, trans: TranslationBundle): MainAreaWidget<PreviewContent> {
  const tab = new MainAreaWidget({ content });
  tab.id = `dialup-preview-${content.site}`;
  tab.title.label = trans.__('Preview: %1', content.site);
  tab.title.icon = previewIcon;
  tab.title.closable = true;
  const button = (icon: LabIcon, tooltip: string, onClick: () => void) =>
    new ToolbarButton({ icon, tooltip, onClick });
  tab.toolbar.addItem('reload', button(refreshIcon, trans.__('Load again'), () => void content.reload()));
  tab.toolbar.addItem('errors', errorBadge(content, trans));
  tab.toolbar.addItem('spacer', Toolbar.createSpacerItem());
  const widths: [Device, LabIcon, string][] = [
    ['full', fullIcon, trans.__('Full width')],
    ['tablet', tabletIcon, trans.__('As wide as a tablet')],
    ['phone', phoneIcon, trans.__('As wide as a phone')]
  ];
  const buttons = widths.map(([device, icon, tooltip]) => {
    const item = button(icon, tooltip, () => {
      content.device = device;
      buttons.forEach((other, i) => (other.pressed = widths[i][0] === device));
    });
    item.pressed = device === 'full';
    tab.toolbar.addItem(device, item);
    return item;
  });
  tab.toolbar.addItem('open', button(openIcon, trans.__('Open in a browser tab'), () => void content.openInTab()));
  return tab;
}

/** “2 errors”, with the last as its tooltip; a click shows them all. Nothing while there are none. */
function errorBadge(content: PreviewContent, trans: TranslationBundle): ReactWidget {
  const item = ReactWidget.create(
    <span role="status">
      <UseSignal signal={content.errorsChanged}>
        {() =>
          content.errors.count > 0 && (
            <button
              className="dialup-Badge"
              title={content.errors.messages[content.errors.messages.length - 1]}
              data-testid={`dialup-errors-${content.site}`}
              onClick={() => void showErrors(content, trans)}
            >
              {trans._n('%1 error', '%1 errors', content.errors.count)}
            </button>
          )
        }
      </UseSignal>
    </span>
  );
  item.addClass('dialup-Badge-item');
  return item;
}

async function showErrors(content: PreviewContent, trans: TranslationBundle): Promise<void> {
  const body = new Widget({ node: document.createElement('pre') });
  body.addClass('dialup-Errors');
  body.node.tabIndex = 0;
  body.node.textContent = content.errors.messages.join('\n');
  await showDialog({
    title: trans.__('Errors in the preview of %1', content.site),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}
