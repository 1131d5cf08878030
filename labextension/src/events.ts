/**
 * One stream of news from the server per browser, shared by its tabs.
 *
 * A browser opens at most six connections to a host, so a stream per tab would hang the sixth lab.
 * The tab that holds a Web Lock reads the stream and passes every event on through a
 * BroadcastChannel; when it closes, the lock goes to another tab. Without locks (plain HTTP on
 * something other than localhost) each tab reads for itself.
 */
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

export interface INews {
  type: string;
  data: any;
}

const KINDS = ['hello', 'site', 'deployment', 'preview', 'removed'];
const LONGEST_WAIT_MS = 30_000;

export class EventFeed implements IDisposable {
  constructor(private readonly url: string) {
    this.channel = new BroadcastChannel(`dialup:${url}`);
    this.channel.onmessage = message => this.hear(message.data);
    if (navigator.locks) {
      void this.waitForTurn();
    } else {
      this.connect();
    }
    this.channel.postMessage({ type: 'who-reads' });
  }

  readonly arrived: ISignal<this, INews> = new Signal<this, INews>(this);
  readonly lineChanged: ISignal<this, void> = new Signal<this, void>(this);

  /** When the line was cut, or null while it is open. */
  get cutSince(): Date | null {
    return this._cutSince;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    window.clearTimeout(this.timer);
    this.source?.close();
    this.channel.close();
    this.giveUpTurn?.();
    Signal.clearData(this);
  }

  /** Become the reader as soon as no other tab is; stay it until this tab closes. */
  private async waitForTurn(): Promise<void> {
    await navigator.locks.request(`dialup:${this.url}`, () => {
      if (this._disposed) {
        return undefined;
      }
      this.connect();
      return new Promise<void>(resolve => (this.giveUpTurn = resolve));
    });
  }

  private connect(): void {
    this.reads = true;
    this.source = new EventSource(this.url);
    for (const type of KINDS) {
      this.source.addEventListener(type, event => {
        this.setCut(null);
        this.attempts = 0;
        this.tell({ type, data: parse((event as MessageEvent).data) });
      });
    }
    this.source.onerror = () => this.reconnect();
  }

  private reconnect(): void {
    this.source?.close();
    this.setCut(this._cutSince ?? new Date());
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.attempts++);
    this.timer = window.setTimeout(() => this.connect(), wait * (0.75 + Math.random() / 2));
  }

  private setCut(since: Date | null): void {
    if (this._cutSince?.getTime() === since?.getTime()) {
      return;
    }
    this._cutSince = since;
    (this.lineChanged as Signal<this, void>).emit();
    if (this.reads) {
      this.channel.postMessage({ type: 'line', data: since?.getTime() ?? null });
    }
  }

  private tell(news: INews): void {
    this.channel.postMessage(news);
    (this.arrived as Signal<this, INews>).emit(news);
  }

  /** What another tab says. */
  private hear(news: INews): void {
    if (news.type === 'who-reads') {
      if (this.reads) {
        this.channel.postMessage({ type: 'line', data: this._cutSince?.getTime() ?? null });
      }
    } else if (news.type === 'line') {
      this.setCut(news.data === null ? null : new Date(news.data));
    } else if (KINDS.includes(news.type)) {
      (this.arrived as Signal<this, INews>).emit(news);
    }
  }

  private readonly channel: BroadcastChannel;
  private source: EventSource | undefined;
  private giveUpTurn: (() => void) | undefined;
  private timer = 0;
  private attempts = 0;
  private reads = false;
  private _cutSince: Date | null = null;
  private _disposed = false;
}

/** Read a stream until its `done` event or `close`; the browser reconnects by itself in between. */
export function readStream(url: string, on: Record<string, (data: any) => void>): IDisposable {
  const source = new EventSource(url);
  const stream = {
    isDisposed: false,
    dispose: () => {
      stream.isDisposed = true;
      source.close();
    }
  };
  for (const [type, react] of Object.entries(on)) {
    source.addEventListener(type, event => {
      if (type === 'error' && !(event instanceof MessageEvent)) {
        return;
      }
      react(parse((event as MessageEvent).data));
    });
  }
  return stream;
}

function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
