/** One variable to add or change; it may have several lines. A secret's value is typed anew, never shown. */
import * as React from 'react';
import { IVariable } from '../../tokens';
import { ISectionProps } from './SitePage';

export function VariableForm(props: ISectionProps & { first: IVariable | null; close: () => void }): JSX.Element {
  const { details, first, trans, close } = props;
  const [name, setName] = React.useState(first?.name ?? '');
  const [value, setValue] = React.useState(first?.value ?? '');
  const [secret, setSecret] = React.useState(first?.secret ?? false);
  const start = React.useRef<HTMLInputElement>(null);
  const again = React.useRef<HTMLTextAreaElement>(null);
  React.useEffect(() => (start.current ?? again.current)?.focus(), []);
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    if (await details.setVariable(name.trim(), value, secret)) {
      close();
    }
  };
  return (
    <form
      className="dialup-Form"
      data-testid="dialup-variable-form"
      onSubmit={event => void save(event)}
      onKeyDown={event => event.key === 'Escape' && close()}
    >
      <label>
        <span>{trans.__('Name')}</span>
        <input
          ref={first ? undefined : start}
          value={name}
          readOnly={first !== null}
          required
          maxLength={128}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="characters"
          placeholder="API_KEY"
          onChange={event => setName(event.target.value.replace(/[\s-]+/g, '_'))}
        />
      </label>
      <label>
        <span>{first?.secret ? trans.__('New value') : trans.__('Value')}</span>
        <textarea
          ref={first ? again : undefined}
          className={secret ? 'dialup-mod-secret' : ''}
          rows={value.includes('\n') ? 5 : 1}
          value={value}
          spellCheck={false}
          autoComplete="off"
          onChange={event => setValue(event.target.value)}
        />
      </label>
      <label className="dialup-Tick">
        <input type="checkbox" checked={secret} onChange={event => setSecret(event.target.checked)} />
        <span>{trans.__('Secret: hide it from now on')}</span>
      </label>
      <div className="dialup-Actions">
        <button className="dialup-Button dialup-mod-primary" disabled={details.busy === 'environment'}>
          {trans.__('Save')}
        </button>
        <button type="button" className="dialup-Button" onClick={close}>
          {trans.__('Cancel')}
        </button>
      </div>
    </form>
  );
}
