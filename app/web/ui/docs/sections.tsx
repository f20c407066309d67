/** The page's text, section by section; the tables in it are the server's. */
import { useNumbers, useWords } from './language';
import { type OpenApi, type Route, routesOf, scopeOf } from './openapi';
import { Code, Said, Section, Table, Tabs, ticked } from './parts';
import { BASE } from './root';
import { sample, samples } from './samples';

const IMAGE = `img_${'0'.repeat(26)}`;
const PICTURES = [
  '.webp?w=800&h=600&fit=cover',
  '.avif?w=400&dpr=2',
  '?w=200&h=200&fit=contain&bg=fff&fm=jpg',
  '?fm=auto&w=1200&q=70',
];

export function Start() {
  const words = useWords();
  const [token, upload, show] = words.start.steps;
  const steps = [
    { step: token!, code: <Code code={words.start.token} /> },
    { step: upload!, code: <Tabs label={upload![0]} tabs={samples('upload')} /> },
    { step: show!, code: <Code code={sample('picture.sh')} /> },
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
  const words = useWords();
  const scopes = new Map<string, Route[]>();
  for (const { name } of api.tags)
    for (const route of routesOf(api, name).filter(({ path }) => path.startsWith('/v1'))) {
      const scope = scopeOf(route.operation);
      if (scope) scopes.set(scope, [...(scopes.get(scope) ?? []), route]);
    }
  return (
    <Section name="auth">
      <p>{words.auth.about}</p>
      <Code code="Authorization: Bearer YOUR_API_TOKEN" />
      <p>{words.auth.session}</p>
      <p>{words.auth.scopes}</p>
      <Table
        label={words.auth.scopes}
        titles={[words.auth.scope, words.auth.opens]}
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

export function Pictures({ api }: { api: OpenApi }) {
  const words = useWords();
  const { parameters } = api.paths['/img/{path}']!['get']!;
  return (
    <Section name="pictures">
      <p>{words.pictures.about}</p>
      <Code
        code={PICTURES.map((query) => `${BASE}/img/${IMAGE}${query}`).join('\n')}
        label={words.pictures.examples}
        isPlain
      />
      <Table
        label={words.sections.pictures}
        titles={[words.table.name, words.table.values, words.table.fallback, words.table.about]}
        rows={parameters
          .filter(({ in: place }) => place === 'query')
          .map((each) => [
            <code>{each.name}</code>,
            each['x-values'] ? (
              <Said text={each['x-values']} />
            ) : (
              (each.schema.enum?.join(', ') ?? each.schema.type)
            ),
            each['x-default'] ? <Said text={each['x-default']} /> : '–',
            <Said text={each.description} />,
          ])}
      />
      <ul class="notes">
        {words.pictures.notes.map((note) => (
          <li>{note}</li>
        ))}
      </ul>
    </Section>
  );
}

export function Limits({ api }: { api: OpenApi }) {
  const words = useWords();
  const number = useNumbers();
  const limits = api['x-limits'];
  const policies = Object.entries(limits.policies) as [
    keyof typeof limits.policies,
    (typeof limits.policies)['api'],
  ][];
  return (
    <Section name="limits">
      <p>{words.limits.about}</p>
      <Table
        label={words.sections.limits}
        titles={[words.table.limit, words.table.values]}
        rows={[
          ...policies.map(([name, windows]) => [
            words.limits.policies[name],
            windows.map(({ amount, period }) => words.limits.per(number(amount), period)).join(' · ') ||
              words.limits.off,
          ]),
          [words.limits.size, `${number(limits.max_upload_size / 1024 / 1024)} MB`],
          [words.limits.pixels, number(limits.max_pixels)],
          [words.limits.side, number(limits.max_side)],
          [words.limits.formats, limits.uploads.join(', ').toUpperCase()],
          [words.limits.results, limits.results.join(', ').toUpperCase()],
        ]}
      />
      <Table
        label={words.limits.headers}
        titles={[words.table.header, words.table.about, words.table.example]}
        rows={Object.entries(api.components.headers)
          .filter(([name]) => /RateLimit|Retry-After/.test(name))
          .map(([name, header]) => [
            <code>{name}</code>,
            <Said text={header.description} />,
            <code>{String(header.example)}</code>,
          ])}
      />
    </Section>
  );
}

export function Errors({ api }: { api: OpenApi }) {
  const words = useWords();
  const { responses } = api.components;
  const example = responses['VALIDATION_ERROR']!.content!['application/json']!.example;
  return (
    <Section name="errors">
      <p>{words.errors.about}</p>
      <Code code={JSON.stringify(example, null, 2)} label={words.sections.errors} />
      <Table
        label={words.sections.errors}
        titles={[words.table.status, words.table.code, words.table.what]}
        rows={api['x-errors'].map(({ status, code }) => [
          status,
          <code>{code}</code>,
          <Said text={responses[code]!.description} />,
        ])}
      />
    </Section>
  );
}

export function Webhooks({ api }: { api: OpenApi }) {
  const words = useWords();
  const events = Object.entries(api.webhooks);
  const payload = events[0]![1].post.requestBody!.content['application/json']!.example;
  const verify = [
    { name: 'JavaScript', content: <Code code={sample('verify.js')} /> },
    { name: 'Python', content: <Code code={sample('verify.py')} /> },
  ];
  return (
    <Section name="webhooks">
      <p>{words.webhooks.about}</p>
      <Table
        label={words.sections.webhooks}
        titles={[words.table.event, words.table.what]}
        rows={events.map(([name, { post }]) => [<code>{name}</code>, <Said text={post.description} />])}
      />
      <h3>{words.webhooks.payload}</h3>
      <Code
        code={[
          ...events[0]![1].post.parameters.map(({ name }) => `${name}: …`),
          '',
          JSON.stringify(payload, null, 2),
        ].join('\n')}
        label={words.webhooks.payload}
      />
      <h3>{words.webhooks.verify}</h3>
      <p>{words.webhooks.verifyAbout}</p>
      <Tabs label={words.webhooks.verify} tabs={verify} />
      <h3>{words.webhooks.attempts}</h3>
      <p>{ticked(words.webhooks.attemptsAbout)}</p>
      <Table
        label={words.webhooks.attempts}
        titles={[words.table.attempt, words.table.after, words.table.since]}
        rows={api['x-webhook-attempts'].map(({ attempt, after, since }) => [
          attempt,
          <Said text={after} />,
          <Said text={since} />,
        ])}
      />
      <h3>{words.webhooks.outcomes}</h3>
      <Table
        label={words.webhooks.outcomes}
        titles={[words.table.name, words.table.what]}
        rows={Object.entries(api['x-webhook-outcomes']).map(([name, about]) => [
          <code>{name}</code>,
          <Said text={about} />,
        ])}
      />
    </Section>
  );
}

export function Samples() {
  const words = useWords();
  return (
    <Section name="samples">
      <p>{words.samples.about}</p>
      {(['upload', 'large', 'list', 'album', 'delete'] as const).map((name) => (
        <div key={name}>
          <h3>{words.samples.names[name]}</h3>
          <Tabs label={words.samples.names[name]} tabs={samples(name)} />
        </div>
      ))}
    </Section>
  );
}
