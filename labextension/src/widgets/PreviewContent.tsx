/** A preview's state and frame. It starts the preview, follows it, and can be reloaded. */
import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';
import { openTab } from '../address';
import { DialupApi, problemOf } from '../api';
import { Device, PreviewView } from '../components/PreviewView';
import { IPreview, IProblem, ISitesModel } from '../tokens';

/** What the page shown said about its own errors: how many, and the last of them in words. */
export interface IPageErrors {
  count: number;
  messages: readonly string[];
}

const NO_ERRORS: IPageErrors = { count: 0, messages: [] };
const MESSAGES_KEPT = 20;

export class PreviewContent extends ReactWidget {
  constructor(
    readonly site: string,
    private readonly api: DialupApi,
    private readonly model: ISitesModel,
    private readonly trans: TranslationBundle,
    restored: Promise<void>
  ) {
    super();
    this.addClass('dialup-Preview');
    model.previewChanged.connect(this.hear, this);
    model.changed.connect(this.compare, this);
    this.listen = event => this.hearPage(event);
    window.addEventListener('message', this.listen);
    void restored.then(() => {
      this.mayStart = true;
      this.startWhenSeen();
    });
  }

  readonly errorsChanged: ISignal<this, void> = new Signal<this, void>(this);

  /** The errors of the page as it is now; a static site's pages tell them. */
  get errors(): IPageErrors {
    return this._errors;
  }

  get device(): Device {
    return this._device;
  }

  set device(device: Device) {
    this._device = device;
    this.update();
  }

  dispose(): void {
    window.removeEventListener('message', this.listen);
    super.dispose();
  }

  /** Start the preview; one that runs already is shown at once. */
  start(): Promise<void> {
    this.hasStarted = true;
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

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.startWhenSeen();
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

  /** A tab that a reload of the lab brought back wakes its preview only when somebody looks. */
  private startWhenSeen(): void {
    if (this.mayStart && this.isVisible && !this.hasStarted && !this.isDisposed) {
      void this.start();
    }
  }

  /** Any page can post messages; only the one in our own frame is believed. */
  private hearPage(event: MessageEvent): void {
    const frame = this.node.querySelector('iframe');
    const said = event.data;
    if (!frame || event.source !== frame.contentWindow || said?.source !== 'dialup-preview') {
      return;
    }
    const count = Number.isInteger(said.errors) ? Math.max(0, said.errors) : 0;
    const fresh = said.type === 'error' ? [String(said.message ?? '').slice(0, 500)] : [];
    const before = this._errors.messages.slice(0, count - fresh.length); // a new page begins at none
    this.setErrors({ count, messages: [...before, ...fresh].slice(-MESSAGES_KEPT) });
  }

  private setErrors(errors: IPageErrors): void {
    this._errors = errors;
    (this.errorsChanged as Signal<this, void>).emit();
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
      this.setErrors(NO_ERRORS);
    } else if (!ranBefore) {
      await this.load();
    }
    this.update();
  }

  private async load(): Promise<void> {
    try {
      this.source = await this.api.previewTicket(this.site);
      this.problem = null;
      this.setErrors(NO_ERRORS);
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
  private mayStart = false;
  private hasStarted = false;
  private _errors: IPageErrors = NO_ERRORS;
  private readonly listen: (event: MessageEvent) => void;
  private _device: Device = 'full';
}
