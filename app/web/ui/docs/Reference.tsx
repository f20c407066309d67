/** All operations of the OpenAPI document, in expandable rows. */
import { useMessages } from '../base/language';
import { bodyOf, codesOf, type OpenApi, type Route, routesOf, type Schema, scopeOf, typeOf } from './openapi';
import { Code, Section, Table, Translated, useTranslation } from './components';
import { page } from './messages/page';
import { urlOf } from './urls';

export function Reference({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  return (
    <Section name="reference">
      <p>{t.reference.about}</p>
      {api.tags.map(({ name, description }) => (
        <div class="tag" key={name}>
          <h3>
            <Translated text={name} />
          </h3>
          <p>
            <Translated text={description} />
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
  const t = useMessages(page);
  const scope = scopeOf(operation);
  const body = bodyOf(operation);
  const [status, success] = Object.entries(operation.responses)[0]!;
  const example = success.content?.['application/json']?.example;
  const translate = useTranslation();
  const describe = (code: string) => {
    const english = api.components.responses[code]?.description;
    return english && (translate(english) ?? english);
  };
  return (
    <details class="operation" id={operation.operationId}>
      <summary>
        <span class={`method ${method.toLowerCase()}`}>{method}</span>
        <code>{path}</code>
        <span class="summary">
          <Translated text={operation.summary} />
        </span>
      </summary>
      <div class="operation-body">
        {operation.description && (
          <p>
            <Translated text={operation.description} />
            {path.startsWith('/v1') ? '' : ` ${t.reference.head}`}
          </p>
        )}
        <p class="facts">
          {t.reference.scope}: {scope ? <code>{scope}</code> : t.reference.public}
          {' · '}
          <a href={`${urlOf('docs/swagger')}#/${operation.tags[0]}/${operation.operationId}`}>
            {t.reference.inSwagger}
          </a>
        </p>
        {operation.parameters.length > 0 && (
          <Table
            label={t.reference.parameters}
            titles={[t.reference.parameters, t.table.type, t.table.about]}
            rows={operation.parameters.map(({ name, schema, description, required }) => [
              <Name name={name} isRequired={required ?? false} />,
              <Type schema={schema} />,
              <Translated text={description} />,
            ])}
          />
        )}
        {body && (
          <Table
            label={t.reference.fields}
            titles={[`${t.reference.fields} (${body.type})`, t.table.type, t.table.about]}
            rows={Object.entries(body.schema.properties ?? {}).map(([name, schema]) => [
              <Name name={name} isRequired={body.schema.required?.includes(name) ?? name === 'image'} />,
              <Type schema={schema} />,
              <Translated text={schema.description ?? ''} />,
            ])}
          />
        )}
        {example !== undefined && (
          <>
            <h4>
              {t.reference.response} <b class="success">{status}</b>
            </h4>
            <Code code={JSON.stringify(example, null, 2)} label={`${t.reference.response} ${status}`} />
          </>
        )}
        <h4>{t.reference.errors}</h4>
        <p class="codes">
          {codesOf(operation).map(([number, code]) => (
            <a href="#errors" title={describe(code)}>
              {number} <code>{code}</code>
            </a>
          ))}
        </p>
      </div>
    </details>
  );
}

function Name({ name, isRequired }: { name: string; isRequired: boolean }) {
  const t = useMessages(page);
  return (
    <>
      <code>{name}</code> {isRequired && <em class="required">{t.reference.required}</em>}
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
