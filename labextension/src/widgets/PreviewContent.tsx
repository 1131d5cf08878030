/** A preview's state and frame. It starts the preview, follows it, and can be reloaded. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { openTab } from '../address';
import { DialupApi, problemOf } from '../api';
import { Device, PreviewView } from '../components/PreviewView';
import { IPreview, IProblem, ISitesModel } from '../tokens';

export class PreviewContent extends ReactWidget {
  constructor(
    readonly site: string,
    private readonly api: DialupApi,
    private readonly model: ISitesModel,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('dialup-Preview');
    model.previewChanged.connect(this.hear, this);
    model.changed.connect(this.compare, this);
    void this.start();
  }

  get device(): Device {
    return this._device;
  }

  set device(device: Device) {
    this._device = device;
    this.update();
  }

  /** Start the preview; one that runs already is shown at once. */
  start(): Promise<void> {
    this.preview = null;
    return this.ask(() => this.api.startPreview(this.site));
  }

  /** Load the page anew, through a fresh one-time address. */
  async reload(): Promise<void> {
    if (this.preview?.state === 'running') {
      await this.load();
    } else {
      await this.start();
    }
  }

  async openInTab(): Promise<void> {
    try {
      openTab(await this.api.previewTicket(this.site));
    } catch (error) {
      this.fail(error);
    }
  }

  protected render(): JSX.Element {
    return (
      <PreviewView
        site={this.site}
        preview={this.preview}
        problem={this.problem}
        source={this.source}
        device={this._device}
        trans={this.trans}
        start={() => void this.start()}
      />
    );
  }

  private hear(_: ISitesModel, preview: IPreview): void {
    if (preview.site === this.site) {
      void this.take(preview);
    }
  }

  /** The list of sites knows a state we missed, for instance while the line was cut. */
  private compare(): void {
    const state = this.model.site(this.site)?.preview?.state;
    if (state && this.preview && state !== this.preview.state && !this.isAsking) {
      void this.ask(() => this.api.preview(this.site));
    }
  }

  private async ask(question: () => Promise<IPreview>): Promise<void> {
    this.isAsking = true;
    this.problem = null;
    this.update();
    try {
      await this.take(await question());
    } catch (error) {
      this.fail(error);
    } finally {
      this.isAsking = false;
    }
  }

  private async take(preview: IPreview): Promise<void> {
    const ranBefore = this.preview?.state === 'running' && this.source !== null;
    this.preview = preview;
    if (preview.state !== 'running') {
      this.source = null;
    } else if (!ranBefore) {
      await this.load();
    }
    this.update();
  }

  private async load(): Promise<void> {
    try {
      this.source = await this.api.previewTicket(this.site);
      this.problem = null;
      this.update();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.problem = problemOf(error);
    this.update();
  }

  private preview: IPreview | null = null;
  private problem: IProblem | null = null;
  private source: string | null = null;
  private isAsking = false;
  private _device: Device = 'full';
}
