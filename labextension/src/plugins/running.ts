/** The previews that are awake, under *Running*, where they can be stopped. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRunningSessionManagers, IRunningSessions } from '@jupyterlab/running';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { previewIcon, stopIcon } from '../icons';
import { CommandIDs, ISite, ISitesModel } from '../tokens';

export const runningPlugin: JupyterFrontEndPlugin<void> = {
  id: '@dialup/labextension:running',
  description: 'Lists the previews that run.',
  autoStart: true,
  requires: [ISitesModel],
  optional: [IRunningSessionManagers, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: ISitesModel,
    managers: IRunningSessionManagers | null,
    translator: ITranslator | null
  ): void => {
    managers?.add(new RunningPreviews(model, app.commands, (translator ?? nullTranslator).load('dialup')));
  }
};

class RunningPreviews implements IRunningSessions.IManager {
  constructor(
    private readonly model: ISitesModel,
    private readonly commands: CommandRegistry,
    private readonly trans: TranslationBundle
  ) {
    this.name = trans.__('Previews');
    this.shutdownLabel = trans.__('Stop preview');
    this.shutdownAllLabel = trans.__('Stop All Previews');
    this.shutdownAllConfirmationText = trans.__('Stop all previews? Your files and public sites are not touched.');
    this.before = this.signature();
    model.changed.connect(() => this.compare());
  }

  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly shutdownItemIcon = stopIcon;
  readonly runningChanged = new Signal<this, void>(this);

  running(): IRunningSessions.IRunningItem[] {
    return this.awake().map(site => ({
      icon: () => previewIcon,
      label: () => site.name,
      labelTitle: () => this.trans.__('Preview of %1', site.name),
      detail: () => (site.preview?.state === 'starting' ? this.trans.__('starting') : ''),
      open: () => void this.commands.execute(CommandIDs.preview, { site: site.name }),
      shutdown: () => void this.commands.execute(CommandIDs.stopPreview, { site: site.name })
    }));
  }

  shutdownAll(): void {
    this.running().forEach(item => item.shutdown?.());
  }

  refreshRunning(): void {
    void this.model.refresh();
  }

  /** The model changes with every line of a log; this list seldom does. */
  private compare(): void {
    const now = this.signature();
    if (now !== this.before) {
      this.before = now;
      this.runningChanged.emit();
    }
  }

  private signature(): string {
    return this.awake().map(site => `${site.name} ${site.preview?.state}`).join();
  }

  private awake(): ISite[] {
    return this.model.sites.filter(({ preview }) => preview?.state === 'running' || preview?.state === 'starting');
  }

  private before: string;
}
