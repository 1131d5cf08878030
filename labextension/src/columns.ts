/**
 * Previews share one column, at the right; everything else stays out of it.
 *
 * JupyterLab opens a document beside the widget that is current. When that is a preview, documents
 * would cover it. So what opens there moves to the column before. A person who drags something into
 * the previews' column keeps it there: only a widget's first place is corrected.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { find } from '@lumino/algorithm';
import { DockPanel, TabBar, Widget } from '@lumino/widgets';

export class PreviewColumn {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly previews: WidgetTracker<Widget>
  ) {
    void app.restored.then(() => {
      this.remember();
      this.isRestored = true;
    });
    previews.widgetAdded.connect((_, tab) => this.watch(tab));
  }

  /** Put `tab` into the column: behind its last preview, or at the right when there is none. */
  add(tab: Widget): void {
    const before = find(this.app.shell.widgets('main'), widget => this.previews.has(widget));
    const isAlone = find(this.app.shell.widgets('main'), () => true) === undefined;
    const mode = before || isAlone ? 'tab-after' : 'split-right';
    this.app.shell.add(tab, 'main', { mode, ref: before && this.lastBeside(before).id, type: 'Preview' });
  }

  private lastBeside(tab: Widget): Widget {
    return this.barOf(tab)?.titles.map(title => title.owner).filter(owner => this.previews.has(owner)).pop() ?? tab;
  }

  private watch(tab: Widget): void {
    this.seen.add(tab);
    const dock = tab.parent;
    if (dock instanceof DockPanel && !this.watched.has(dock)) {
      this.watched.add(dock);
      dock.layoutModified.connect(() => this.tidy(dock));
    }
  }

  private remember(): void {
    for (const widget of this.app.shell.widgets('main')) {
      this.seen.add(widget);
    }
  }

  private tidy(dock: DockPanel): void {
    if (!this.isRestored) {
      return;
    }
    const strangers = Array.from(dock.widgets()).filter(widget => !this.seen.has(widget));
    this.remember();
    for (const stranger of strangers) {
      const preview = this.barOf(stranger)?.titles.map(title => title.owner).find(owner => this.previews.has(owner));
      if (preview && !this.previews.has(stranger)) {
        this.moveOut(dock, stranger, preview);
      }
    }
  }

  private moveOut(dock: DockPanel, stranger: Widget, preview: Widget): void {
    const other = find(dock.tabBars(), bar => !bar.titles.some(title => this.previews.has(title.owner)));
    const ref = (other?.currentTitle ?? other?.titles[0])?.owner;
    dock.addWidget(stranger, ref ? { mode: 'tab-after', ref } : { mode: 'split-left', ref: preview });
    dock.activateWidget(stranger); // the column it leaves shows again what it showed before
  }

  private barOf(widget: Widget): TabBar<Widget> | undefined {
    const dock = widget.parent;
    return dock instanceof DockPanel ? find(dock.tabBars(), bar => bar.titles.includes(widget.title)) : undefined;
  }

  private readonly seen = new WeakSet<Widget>();
  private readonly watched = new WeakSet<DockPanel>();
  private isRestored = false;
}
