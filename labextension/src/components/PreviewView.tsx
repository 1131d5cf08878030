/** The site while it is being edited, in a frame; or why it is not there yet. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IPreview, IProblem } from '../tokens';
import { Problem } from './Problem';

export type Device = 'full' | 'tablet' | 'phone';

export interface IPreviewViewProps {
  site: string;
  preview: IPreview | null;
  problem: IProblem | null;
  /** A one-time address; a new one for every load. */
  source: string | null;
  device: Device;
  trans: TranslationBundle;
  start: () => void;
}

/* The preview has an origin of its own, so allow-same-origin gives it nothing of the lab's. */
const SANDBOX = 'allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads';

export function PreviewView(props: IPreviewViewProps): JSX.Element {
  const { site, preview, problem, source, device, trans, start } = props;
  if (problem) {
    return (
      <div className="dialup-Preview-wait">
        <Problem problem={problem} trans={trans} retry={start} />
      </div>
    );
  }
  if (preview?.state === 'failed') {
    return <Failed {...props} preview={preview} />;
  }
  if (preview?.state === 'stopped') {
    return <Stopped {...props} />;
  }
  if (!source) {
    return (
      <div className="dialup-Preview-wait" role="status" data-testid="dialup-preview-starting">
        <span className="dialup-Spinner" aria-hidden="true" />
        <strong>{trans.__('Starting the preview of %1', site)}</strong>
        <p>{preview?.message || trans.__('A first start can take a few seconds.')}</p>
      </div>
    );
  }
  return (
    <div className={`dialup-Preview-frame dialup-mod-${device}`}>
      <iframe
        src={source}
        title={trans.__('Preview of %1', site)}
        sandbox={SANDBOX}
        data-testid={`dialup-preview-${site}`}
      />
    </div>
  );
}

function Failed({ preview, trans, start }: IPreviewViewProps & { preview: IPreview }): JSX.Element {
  const tail = preview.log_tail ?? [];
  return (
    <div className="dialup-Preview-wait">
      <div className="dialup-Card dialup-mod-bad" role="alert" data-testid="dialup-preview-failed">
        <strong>{preview.message || trans.__('The preview stopped by itself.')}</strong>
        {tail.length > 0 && <pre tabIndex={0}>{tail.slice(-40).join('\n')}</pre>}
        <p>{trans.__('Correct the cause, save, and start it again. Your public site is not touched.')}</p>
        <button className="dialup-Button dialup-mod-primary" onClick={start}>
          {trans.__('Start again')}
        </button>
      </div>
    </div>
  );
}

function Stopped({ site, trans, start }: IPreviewViewProps): JSX.Element {
  return (
    <div className="dialup-Preview-wait">
      <strong>{trans.__('The preview of %1 is asleep', site)}</strong>
      <p>{trans.__('It stops when nobody looks for a while, to leave memory for others.')}</p>
      <button className="dialup-Button dialup-mod-primary" onClick={start}>
        {trans.__('Start the preview')}
      </button>
    </div>
  );
}
