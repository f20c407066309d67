import './style.css';

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { keep, type Language, LANGUAGES, preferred, show, Spoken, useWords } from './language';
import { loaded, type OpenApi } from './openapi';
import { Code, type SectionName, type Speaks } from './parts';
import { Reference } from './Reference';
import { at, BASE } from './root';
import { Auth, Errors, Limits, Pictures, Samples, Start, Webhooks } from './sections';
import { Tester } from './Tester';

const CONTENTS: SectionName[] = [
  'start',
  'try',
  'auth',
  'reference',
  'pictures',
  'limits',
  'errors',
  'webhooks',
  'samples',
];

function Page({ api }: { api: OpenApi }) {
  const [language, choose] = useState(preferred());
  useEffect(() => show(language), [language]);

  function speak(chosen: Language) {
    keep(chosen);
    choose(chosen);
  }

  return (
    <Spoken.Provider value={language}>
      <Top language={language} speak={speak} />
      <div class="columns">
        <Contents />
        <main id="text">
          <Opening version={api.info.version} />
          <Start />
          <Tester api={api} />
          <Auth api={api} />
          <Reference api={api} />
          <Pictures api={api} />
          <Limits api={api} />
          <Errors api={api} />
          <Webhooks api={api} />
          <Samples />
        </main>
      </div>
    </Spoken.Provider>
  );
}

function Top({ language, speak }: Speaks) {
  const words = useWords();
  return (
    <header>
      <a class="skip" href="#text">
        {words.skip}
      </a>
      <a class="brand" href={at('')}>
        <Logo /> PicHub
      </a>
      <nav class="links" aria-label="API">
        <a href={at('docs/swagger')}>{words.links.swagger}</a>
        <a href={at('v1/openapi.json')}>{words.links.openapi}</a>
        <a href={at('graphql')}>{words.links.graphiql}</a>
      </nav>
      <select
        aria-label={words.language}
        value={language}
        onChange={({ currentTarget }) => speak(currentTarget.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option value={tag} selected={tag === language}>
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

/** The list of sections; the one that is read is marked. */
function Contents() {
  const words = useWords();
  const [current, mark] = useState<string>('start');

  useEffect(() => {
    const watching = new IntersectionObserver(
      (entries) => {
        const seen = entries.find(({ isIntersecting }) => isIntersecting);
        if (seen) mark(seen.target.id);
      },
      { rootMargin: '-20% 0px -70% 0px' },
    );
    for (const name of CONTENTS) watching.observe(document.getElementById(name)!);
    return () => watching.disconnect();
  }, []);

  return (
    <nav class="contents" aria-label={words.contents}>
      <ul>
        {CONTENTS.map((name) => (
          <li key={name}>
            <a href={`#${name}`} aria-current={name === current ? 'true' : undefined}>
              {words.sections[name]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Opening({ version }: { version: string }) {
  const words = useWords();
  return (
    <div class="opening">
      <h1>
        REST API <small>{version}</small>
      </h1>
      <p>{words.lede}</p>
      <p class="base">{words.base}</p>
      <Code code={`${BASE}/v1`} label={words.base} isPlain />
    </div>
  );
}

function Failed() {
  const words = useWords();
  return (
    <p class="failed" role="alert">
      {words.failed}
    </p>
  );
}

const place = document.getElementById('docs')!;
const language = preferred();
show(language);
try {
  const api = await loaded();
  place.replaceChildren();
  render(<Page api={api} />, place);
  // What the address points at was not there when the browser looked for it.
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
} catch {
  render(
    <Spoken.Provider value={language}>
      <Failed />
    </Spoken.Provider>,
    place,
  );
}
