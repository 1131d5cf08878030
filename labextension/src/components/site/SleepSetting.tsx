/** Whether a site sleeps while nobody visits it, and after how long. */
import * as React from 'react';
import { ISectionProps, Section } from './SitePage';

const OFFERED: readonly (number | null)[] = [null, 900, 3600];

/** Seconds, never, or a time of one's own. */
type Choice = number | null | 'own';

export function SleepSetting(props: ISectionProps): JSX.Element {
  const { site, details, trans } = props;
  const after = site.sleep_after ?? null;
  const kept: Choice = OFFERED.includes(after) ? after : 'own';
  const [asked, setAsked] = React.useState<Choice | undefined>(undefined); // until the server agrees
  const chosen = asked === undefined ? kept : asked;
  if (site.live_release && !site.runs) {
    return (
      <Section {...props} name="sleep" title={trans.__('Sleep')}>
        <p className="dialup-Calm">{trans.__('This site is files only. It uses no memory, so it need not sleep.')}</p>
      </Section>
    );
  }
  const words = new Map<number | null, string>([
    [null, trans.__('Never')],
    [900, trans.__('After 15 minutes')],
    [3600, trans.__('After an hour')]
  ]);
  return (
    <Section {...props} name="sleep" title={trans.__('Sleep')}>
      <p className="dialup-Calm">
        {trans.__(
          'When nobody has visited for that long, the site stops and its memory is free for your other sites. The next visitor wakes it and waits a second or two.'
        )}
      </p>
      <fieldset className="dialup-Choices">
        <legend className="dialup-hidden">{trans.__('Sleep')}</legend>
        {OFFERED.map(seconds => (
          <label key={String(seconds)} className="dialup-Tick">
            <input
              type="radio"
              name={`dialup-sleep-${site.name}`}
              checked={chosen === seconds}
              onChange={() => {
                setAsked(seconds);
                void details.sleepAfter(seconds).then(() => setAsked(now => (now === seconds ? undefined : now)));
              }}
            />
            <span>{words.get(seconds)}</span>
          </label>
        ))}
        <label className="dialup-Tick">
          <input
            type="radio"
            name={`dialup-sleep-${site.name}`}
            checked={chosen === 'own'}
            onChange={() => setAsked('own')}
          />
          <span>{trans.__('After another time')}</span>
        </label>
      </fieldset>
      {chosen === 'own' && <OwnTime {...props} done={() => setAsked(undefined)} />}
    </Section>
  );
}

function OwnTime({ site, details, trans, done }: ISectionProps & { done: () => void }): JSX.Element {
  const [minutes, setMinutes] = React.useState(String(Math.round((site.sleep_after ?? 1800) / 60)));
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    if (await details.sleepAfter(Number(minutes) * 60)) {
      done();
    }
  };
  return (
    <form className="dialup-Form dialup-mod-line" onSubmit={event => void save(event)}>
      <label>
        <span>{trans.__('Minutes')}</span>
        <input
          type="number"
          required
          min={1}
          max={43_200}
          value={minutes}
          onChange={event => setMinutes(event.target.value)}
        />
      </label>
      <button className="dialup-Button" disabled={details.busy === 'sleep'}>
        {trans.__('Use this')}
      </button>
    </form>
  );
}
