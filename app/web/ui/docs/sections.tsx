/** Sections of the page. Their tables come from the OpenAPI document. */
import { formatNumber } from '../base/format';
import { useMessages } from '../base/language';
import { type OpenApi, type Route, routesOf, scopeOf } from './openapi';
import { Code, Section, Table, Tabs, Translated, withCode } from './components';
import { page } from './messages/page';
import { BASE_URL } from './urls';
import { sample, sampleTabs } from './samples';

const IMAGE = `img_${'0'.repeat(26)}`;
const EXAMPLES = [
  '.webp?w=800&h=600&fit=cover',
  '.avif?w=400&dpr=2',
  '?w=200&h=200&fit=contain&bg=fff&fm=jpg',
  '?fm=auto&w=1200&q=70',
];

export function Start() {
  const t = useMessages(page);
  const [token, upload, display] = t.start.steps;
  const steps = [
    { step: token!, code: <Code code={t.start.command} /> },
    { step: upload!, code: <Tabs label={upload![0]} tabs={sampleTabs('upload')} /> },
    { step: display!, code: <Code code={sample('image.sh')} /> },
  ];
  return (
    <Section name="start">
      <ol class="steps">
        {steps.map(({ step: [title, text], code }) => (
          <li>
            <h3>{title}</h3>
            <p>{text}</p>
            {code}
          </li>
        ))}
      </ol>
    </Section>
  );
}

export function Auth({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  const scopes = new Map<string, Route[]>();
  for (const { name } of api.tags)
    for (const route of routesOf(api, name).filter(({ path }) => path.startsWith('/v1'))) {
      const scope = scopeOf(route.operation);
      if (scope) scopes.set(scope, [...(scopes.get(scope) ?? []), route]);
    }
  return (
    <Section name="auth">
      <p>{t.auth.about}</p>
      <Code code="Authorization: Bearer YOUR_API_TOKEN" />
      <p>{t.auth.session}</p>
      <p>{t.auth.scopes}</p>
      <Table
        label={t.auth.scopes}
        titles={[t.auth.scope, t.auth.endpoints]}
        rows={[...scopes].map(([scope, routes]) => [
          <code>{scope}</code>,
          routes.map(({ method, path }) => (
            <code class="route">
              {method} {path}
            </code>
          )),
        ])}
      />
    </Section>
  );
}

export function Transforms({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  const { parameters } = api.paths['/img/{path}']!['get']!;
  return (
    <Section name="transforms">
      <p>{t.transforms.about}</p>
      <Code
        code={EXAMPLES.map((query) => `${BASE_URL}/img/${IMAGE}${query}`).join('\n')}
        label={t.transforms.examples}
        isPlain
      />
      <Table
        label={t.sections.transforms}
        titles={[t.table.name, t.table.values, t.table.fallback, t.table.about]}
        rows={parameters
          .filter(({ in: location }) => location === 'query')
          .map(({ name, schema, description, 'x-values': values, 'x-default': fallback }) => [
            <code>{name}</code>,
            values ? <Translated text={values} /> : (schema.enum?.join(', ') ?? schema.type),
            fallback ? <Translated text={fallback} /> : '–',
            <Translated text={description} />,
          ])}
      />
      <ul class="notes">
        {t.transforms.notes.map((note) => (
          <li>{note}</li>
        ))}
      </ul>
    </Section>
  );
}

export function Limits({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  const limits = api['x-limits'];
  const policies = Object.entries(limits.policies) as [
    keyof typeof limits.policies,
    (typeof limits.policies)['api'],
  ][];
  return (
    <Section name="limits">
      <p>{t.limits.about}</p>
      <Table
        label={t.sections.limits}
        titles={[t.table.limit, t.table.values]}
        rows={[
          ...policies.map(([name, windows]) => [
            t.limits.policies[name],
            windows.map(({ amount, period }) => t.limits.per(formatNumber(amount), period)).join(' · ') ||
              t.limits.off,
          ]),
          [t.limits.size, `${formatNumber(limits.max_upload_size / 1024 / 1024)} MB`],
          [t.limits.pixels, formatNumber(limits.max_pixels)],
          [t.limits.side, formatNumber(limits.max_side)],
          [t.limits.formats, limits.uploads.join(', ').toUpperCase()],
          [t.limits.results, limits.results.join(', ').toUpperCase()],
        ]}
      />
      <Table
        label={t.limits.headers}
        titles={[t.table.header, t.table.about, t.table.example]}
        rows={Object.entries(api.components.headers)
          .filter(([name]) => /RateLimit|Retry-After/.test(name))
          .map(([name, header]) => [
            <code>{name}</code>,
            <Translated text={header.description} />,
            <code>{String(header.example)}</code>,
          ])}
      />
    </Section>
  );
}

export function Errors({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  const { responses } = api.components;
  const example = responses['VALIDATION_ERROR']!.content!['application/json']!.example;
  return (
    <Section name="errors">
      <p>{t.errors.about}</p>
      <Code code={JSON.stringify(example, null, 2)} label={t.sections.errors} />
      <Table
        label={t.sections.errors}
        titles={[t.table.status, t.table.code, t.table.what]}
        rows={api['x-errors'].map(({ status, code }) => [
          status,
          <code>{code}</code>,
          <Translated text={responses[code]!.description} />,
        ])}
      />
    </Section>
  );
}

export function Webhooks({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  const events = Object.entries(api.webhooks);
  const payload = events[0]![1].post.requestBody!.content['application/json']!.example;
  const verify = [
    { name: 'JavaScript', content: <Code code={sample('verify.js')} /> },
    { name: 'Python', content: <Code code={sample('verify.py')} /> },
  ];
  return (
    <Section name="webhooks">
      <p>{t.webhooks.about}</p>
      <Table
        label={t.sections.webhooks}
        titles={[t.table.event, t.table.what]}
        rows={events.map(([name, { post }]) => [<code>{name}</code>, <Translated text={post.description} />])}
      />
      <h3>{t.webhooks.payload}</h3>
      <Code
        code={[
          ...events[0]![1].post.parameters.map(({ name }) => `${name}: …`),
          '',
          JSON.stringify(payload, null, 2),
        ].join('\n')}
        label={t.webhooks.payload}
      />
      <h3>{t.webhooks.verify}</h3>
      <p>{t.webhooks.verifyAbout}</p>
      <Tabs label={t.webhooks.verify} tabs={verify} />
      <h3>{t.webhooks.attempts}</h3>
      <p>{withCode(t.webhooks.attemptsAbout)}</p>
      <Table
        label={t.webhooks.attempts}
        titles={[t.table.attempt, t.table.after, t.table.since]}
        rows={api['x-webhook-attempts'].map(({ attempt, after, since }) => [
          attempt,
          <Translated text={after} />,
          <Translated text={since} />,
        ])}
      />
      <h3>{t.webhooks.outcomes}</h3>
      <Table
        label={t.webhooks.outcomes}
        titles={[t.table.name, t.table.what]}
        rows={Object.entries(api['x-webhook-outcomes']).map(([name, description]) => [
          <code>{name}</code>,
          <Translated text={description} />,
        ])}
      />
    </Section>
  );
}

export function Samples() {
  const t = useMessages(page);
  return (
    <Section name="samples">
      <p>{t.samples.about}</p>
      {(['upload', 'large', 'list', 'album', 'delete'] as const).map((name) => (
        <div key={name}>
          <h3>{t.samples.names[name]}</h3>
          <Tabs label={t.samples.names[name]} tabs={sampleTabs(name)} />
        </div>
      ))}
    </Section>
  );
}
