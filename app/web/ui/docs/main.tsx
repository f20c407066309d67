import './style.css';

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import {
  applyLanguage,
  language,
  type Language,
  LANGUAGES,
  setLanguage,
  useMessages,
} from '../base/language';
import { useStore } from '../base/store';
import { page } from './messages/page';
import { fetchOpenApi, type OpenApi } from './openapi';
import { Code, type SectionName } from './components';
import { Reference } from './Reference';
import { urlOf, BASE_URL } from './urls';
import { Auth, Errors, Limits, Samples, Start, Transforms, Webhooks } from './sections';
import { Tester } from './Tester';

const CONTENTS: SectionName[] = [
  'start',
  'try',
  'auth',
  'reference',
  'transforms',
  'limits',
  'errors',
  'webhooks',
  'samples',
];

function Page({ api }: { api: OpenApi }) {
  const t = useMessages(page);
  useEffect(() => {
    document.title = t.title;
  }, [t]);
  return (
    <>
      <Header />
      <div class="columns">
        <Contents />
        <main id="content">
          <Intro version={api.info.version} />
          <Start />
          <Tester api={api} />
          <Auth api={api} />
          <Reference api={api} />
          <Transforms api={api} />
          <Limits api={api} />
          <Errors api={api} />
          <Webhooks api={api} />
          <Samples />
        </main>
      </div>
    </>
  );
}

function Header() {
  const current = useStore(language);
  const t = useMessages(page);
  return (
    <header>
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <a class="brand" href={urlOf('')}>
        <Logo /> PicHub
      </a>
      <nav class="links" aria-label="API">
        <a href={urlOf('docs/swagger')}>{t.links.swagger}</a>
        <a href={urlOf('v1/openapi.json')}>{t.links.openapi}</a>
        <a href={urlOf('graphql')}>{t.links.graphiql}</a>
      </nav>
      <select
        aria-label={t.language}
        value={current}
        onChange={({ currentTarget }) => setLanguage(currentTarget.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option value={tag} selected={tag === current}>
            {name}
          </option>
        ))}
      </select>
    </header>
  );
}

function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#d60690" />
      <circle cx="11" cy="11" r="3" fill="#fff" />
      <path d="M5 26l8-9 5 5 4-5 6 9z" fill="#fff" />
    </svg>
  );
}

/** The list of sections; the visible one is marked. */
function Contents() {
  const t = useMessages(page);
  const [current, setCurrent] = useState<string>('start');

  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        const visible = entries.find(({ isIntersecting }) => isIntersecting);
        if (visible) setCurrent(visible.target.id);
      },
      { rootMargin: '-20% 0px -70% 0px' },
    );
    for (const name of CONTENTS) observer.observe(document.getElementById(name)!);
    return () => observer.disconnect();
  }, []);

  return (
    <nav class="contents" aria-label={t.contents}>
      <ul>
        {CONTENTS.map((name) => (
          <li key={name}>
            <a href={`#${name}`} aria-current={name === current ? 'true' : undefined}>
              {t.sections[name]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Intro({ version }: { version: string }) {
  const t = useMessages(page);
  return (
    <div class="intro">
      <h1>
        REST API <small>{version}</small>
      </h1>
      <p>{t.lead}</p>
      <p class="base-url">{t.base}</p>
      <Code code={`${BASE_URL}/v1`} label={t.base} isPlain />
    </div>
  );
}

function Failed() {
  const t = useMessages(page);
  return (
    <p class="failed" role="alert">
      {t.failed}
    </p>
  );
}

const root = document.getElementById('docs')!;
applyLanguage();
try {
  const api = await fetchOpenApi();
  root.replaceChildren();
  render(<Page api={api} />, root);
  // The target of the fragment did not exist when the browser looked for it.
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
} catch {
  render(<Failed />, root);
}
