/** A site's variables and secrets: what its program is told when it starts. */
import * as React from 'react';
import { IVariable } from '../../tokens';
import { ago } from '../../words';
import { ISectionProps, Section } from './SitePage';
import { VariableForm } from './VariableForm';

/** What is being edited: a variable, a new one, or nothing. */
type Edited = IVariable | 'new' | null;

export function Environment(props: ISectionProps): JSX.Element {
  const { details, site, trans } = props;
  const [edited, setEdited] = React.useState<Edited>(null);
  const add = React.useRef<HTMLButtonElement>(null);
  const wasOpen = React.useRef(false);
  React.useEffect(() => {
    if (wasOpen.current && edited === null) {
      add.current?.focus(); // the form took the focus with it
    }
    wasOpen.current = edited !== null;
  }, [edited]);
  const variables = details.environment?.variables ?? [];
  const known = details.environment !== null;
  return (
    <Section {...props} name="environment" title={trans.__('Variables and secrets')} retry={!known}>
      <p className="dialup-Calm">
        {trans.__(
          'Your program reads them when it starts: a password of a service, an address, a name. A secret is kept encrypted, and nobody is ever shown it again.'
        )}
        {site.live_release && !site.runs && ` ${trans.__('This site is files only, so no program reads them now.')}`}
      </p>
      {details.environment?.needs_restart && <Restart {...props} />}
      {variables.length > 0 && (
        <table className="dialup-Table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Value')}</th>
              <th scope="col">{trans.__('Changed')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {variables.map(variable => (
              <Row key={variable.name} {...props} variable={variable} edit={() => setEdited(variable)} />
            ))}
          </tbody>
        </table>
      )}
      {known && variables.length === 0 && edited === null && (
        <p className="dialup-Calm">{trans.__('None yet.')}</p>
      )}
      {edited !== null ? (
        <VariableForm
          key={edited === 'new' ? '' : edited.name}
          {...props}
          first={edited === 'new' ? null : edited}
          close={() => setEdited(null)}
        />
      ) : (
        known && (
          <button
            ref={add}
            className="dialup-Button"
            data-testid="dialup-add-variable"
            onClick={() => setEdited('new')}
          >
            {trans.__('Add a variable')}
          </button>
        )
      )}
    </Section>
  );
}

function Restart({ details, trans }: ISectionProps): JSX.Element {
  const isBusy = details.busy === 'environment';
  return (
    <div className="dialup-Card dialup-mod-busy" role="status" data-testid="dialup-needs-restart">
      <strong>{trans.__('The site still runs with the values of before.')}</strong>
      <p>{trans.__('Visitors notice nothing of a restart.')}</p>
      <button
        className="dialup-Button dialup-mod-primary"
        disabled={isBusy}
        onClick={() => void details.act('restart', 'environment')}
      >
        {trans.__('Restart to use them')}
      </button>
    </div>
  );
}

function Row(props: ISectionProps & { variable: IVariable; edit: () => void }): JSX.Element {
  const { variable, details, trans, edit } = props;
  const { name, value, secret } = variable;
  const isBusy = details.busy === 'environment';
  return (
    <tr data-testid={`dialup-variable-${name}`}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td className="dialup-Value">
        {secret ? <span className="dialup-Kind">{trans.__('secret')}</span> : <code>{value}</code>}
      </td>
      <td className="dialup-List-note">{ago(new Date(variable.changed_at), trans)}</td>
      <td className="dialup-Table-acts">
        <button className="dialup-Button" aria-label={trans.__('Change %1', name)} onClick={edit}>
          {trans.__('Change')}
        </button>
        <button
          className="dialup-Button"
          disabled={isBusy}
          aria-label={trans.__('Remove %1', name)}
          onClick={() => void details.removeVariable(name)}
        >
          {trans.__('Remove')}
        </button>
      </td>
    </tr>
  );
}
