/** Every operation of the document, each in a row that opens. */
import { useSaid, useWords } from './language';
import { bodyOf, codesOf, type OpenApi, type Route, routesOf, type Schema, scopeOf, typeOf } from './openapi';
import { Code, Said, Section, Table } from './parts';
import { at } from './root';

export function Reference({ api }: { api: OpenApi }) {
  const words = useWords();
  return (
    <Section name="reference">
      <p>{words.reference.about}</p>
      {api.tags.map(({ name, description }) => (
        <div class="tag" key={name}>
          <h3>
            <Said text={name} />
          </h3>
          <p>
            <Said text={description} />
          </p>
          {routesOf(api, name).map((route) => (
            <Row key={route.operation.operationId} api={api} route={route} />
          ))}
        </div>
      ))}
    </Section>
  );
}

function Row({ api, route: { method, path, operation } }: { api: OpenApi; route: Route }) {
  const words = useWords();
  const scope = scopeOf(operation);
  const body = bodyOf(operation);
  const [status, success] = Object.entries(operation.responses)[0]!;
  const shown = success.content?.['application/json']?.example;
  const said = useSaid();
  const inWords = (code: string) => {
    const english = api.components.responses[code]?.description;
    return english && (said(english) ?? english);
  };
  return (
    <details class="operation" id={operation.operationId}>
      <summary>
        <span class={`method ${method.toLowerCase()}`}>{method}</span>
        <code>{path}</code>
        <span class="summary">
          <Said text={operation.summary} />
        </span>
      </summary>
      <div class="inside">
        {operation.description && (
          <p>
            <Said text={operation.description} />
            {path.startsWith('/v1') ? '' : ` ${words.reference.head}`}
          </p>
        )}
        <p class="facts">
          {words.reference.scope}: {scope ? <code>{scope}</code> : words.reference.open}
          {' · '}
          <a href={`${at('docs/swagger')}#/${operation.tags[0]}/${operation.operationId}`}>
            {words.reference.inSwagger}
          </a>
        </p>
        {operation.parameters.length > 0 && (
          <Table
            label={words.reference.parameters}
            titles={[words.reference.parameters, words.table.type, words.table.about]}
            rows={operation.parameters.map(({ name, schema, description, required }) => [
              <Name name={name} isRequired={required ?? false} />,
              <Type schema={schema} />,
              <Said text={description} />,
            ])}
          />
        )}
        {body && (
          <Table
            label={words.reference.fields}
            titles={[`${words.reference.fields} (${body.type})`, words.table.type, words.table.about]}
            rows={Object.entries(body.schema.properties ?? {}).map(([name, schema]) => [
              <Name name={name} isRequired={body.schema.required?.includes(name) ?? name === 'image'} />,
              <Type schema={schema} />,
              <Said text={schema.description ?? ''} />,
            ])}
          />
        )}
        {shown !== undefined && (
          <>
            <h4>
              {words.reference.answer} <b class="good">{status}</b>
            </h4>
            <Code code={JSON.stringify(shown, null, 2)} label={`${words.reference.answer} ${status}`} />
          </>
        )}
        <h4>{words.reference.errors}</h4>
        <p class="codes">
          {codesOf(operation).map(([number, code]) => (
            <a href="#errors" title={inWords(code)}>
              {number} <code>{code}</code>
            </a>
          ))}
        </p>
      </div>
    </details>
  );
}

function Name({ name, isRequired }: { name: string; isRequired: boolean }) {
  const words = useWords();
  return (
    <>
      <code>{name}</code> {isRequired && <em class="required">{words.reference.required}</em>}
    </>
  );
}

function Type({ schema }: { schema: Schema }) {
  const { maxLength, default: fallback } = schema;
  return (
    <span class="type" translate={false}>
      {typeOf(schema)}
      {maxLength ? ` ≤ ${maxLength}` : ''}
      {[fallback ?? ''].flat().join() ? ` = ${fallback}` : ''}
    </span>
  );
}
