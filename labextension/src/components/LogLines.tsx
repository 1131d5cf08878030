/** A log that follows its end until the reader scrolls up; it can be filtered and copied out. */
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

export interface ILogLinesProps {
  lines: readonly string[];
  trans: TranslationBundle;
  isLive: boolean;
  download?: string;
}

export function LogLines({ lines, trans, isLive, download }: ILogLinesProps): JSX.Element {
  const [wanted, setWanted] = React.useState('');
  const shown = wanted ? lines.filter(line => line.toLowerCase().includes(wanted.toLowerCase())) : lines;
  const box = useFollowing(shown.length);
  return (
    <section className="dialup-Log" aria-label={trans.__('Log')}>
      <div className="dialup-Log-head">
        <span>{trans.__('Log')}</span>
        {isLive && <span className="dialup-State dialup-mod-good">{trans.__('live')}</span>}
        <input
          type="search"
          value={wanted}
          placeholder={trans.__('Find')}
          aria-label={trans.__('Find in the log')}
          onChange={event => setWanted(event.target.value)}
        />
        {download && (
          <button className="dialup-Button" onClick={() => save(lines, download)}>
            {trans.__('Download')}
          </button>
        )}
      </div>
      <pre ref={box} tabIndex={0} data-testid="dialup-log">
        {shown.length > 0 ? shown.join('\n') : isLive ? trans.__('Nothing yet…') : trans.__('Nothing here.')}
      </pre>
    </section>
  );
}

/** Keep the end in view, unless the reader has left it. */
function useFollowing(length: number): React.RefObject<HTMLPreElement> {
  const box = React.useRef<HTMLPreElement>(null);
  const atEnd = React.useRef(true);
  React.useEffect(() => {
    const element = box.current;
    const look = () => {
      if (element) {
        atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
      }
    };
    element?.addEventListener('scroll', look);
    return () => element?.removeEventListener('scroll', look);
  }, []);
  React.useEffect(() => {
    if (box.current && atEnd.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [length]);
  return box;
}

function save(lines: readonly string[], name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([lines.join('\n') + '\n'], { type: 'text/plain' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
