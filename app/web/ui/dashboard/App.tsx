import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { DOCS, GRAPHIQL } from './api/addresses';
import { ask, run } from './api/client';
import { follow } from './api/live';
import { SIGN_OUT, VIEWER } from './api/documents';
import { errorMessage, type Problem } from './api/problem';
import { useMessages } from './language';
import { shell } from './messages/shell';
import { Button } from './parts/Button';
import { Complaint } from './parts/Field';
import { Icon, type IconName } from './parts/Icon';
import { LanguageSwitch } from './parts/LanguageSwitch';
import { lazily } from './parts/lazily';
import { Empty } from './parts/Empty';
import { Toasts } from './parts/Toasts';
import { href, usePlace } from './router';
import { type Viewer, viewer } from './session';
import { SignIn } from './SignIn';
import { Images } from './images/Images';
import { Albums } from './albums/Albums';
import { useStore } from './store';
import { DropZone, Uploads } from './upload/Uploads';

/** The places of the dashboard: their first word in the address, and their icon and name in the navigation. */
const PLACES = {
  images: Images,
  albums: Albums,
  categories: lazily(() => import('./panels/categories').then((panel) => panel.Categories)),
  playground: lazily(() => import('./panels/playground').then((panel) => panel.Playground)),
  tokens: lazily(() => import('./panels/tokens').then((panel) => panel.Tokens)),
  webhooks: lazily(() => import('./panels/webhooks').then((panel) => panel.Webhooks)),
  usage: lazily(() => import('./panels/usage').then((panel) => panel.Usage)),
} as const satisfies Partial<Record<IconName, ComponentType>>;

type PlaceName = keyof typeof PLACES;
const NAMES = Object.keys(PLACES) as PlaceName[];

export function App() {
  const who = useStore(viewer);
  const [problem, setProblem] = useState<Problem | null>(null);
  const t = useMessages(shell);
  const look = async () => {
    const answer = await ask(VIEWER, {});
    setProblem(answer.problem);
    if (answer.data) viewer.set(answer.data.viewer);
    else if (answer.problem.code === 'UNAUTHORIZED') viewer.set(null);
  };
  useEffect(() => void look(), []);
  return (
    <>
      {who ? (
        <Rooms viewer={who} />
      ) : who === null ? (
        <SignIn />
      ) : (
        problem && (
          <main class="entrance">
            <Complaint>{errorMessage(problem)}</Complaint>
            <Button onClick={look}>{t.retry}</Button>
          </main>
        )
      )}
      <Toasts />
    </>
  );
}

function Rooms({ viewer: who }: { viewer: Viewer }) {
  const { path, params } = usePlace();
  const t = useMessages(shell);
  const name = path[0] ?? 'images';
  useEffect(follow, [who.id]);
  const here = path.join('/');
  const before = useRef(here);
  useEffect(() => {
    if (before.current === here) return;
    before.current = here;
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [here]);
  const Shown = name in PLACES ? PLACES[name as PlaceName] : Nowhere;
  return (
    <div class="rooms">
      <button class="skip button" onClick={() => document.getElementById('main')?.focus()}>
        {t.skip}
      </button>
      <Side viewer={who} current={name} />
      <main id="main" tabIndex={-1}>
        <Shown key={name} />
      </main>
      <Uploads />
      <DropZone
        into={{
          album: (name === 'albums' && path[1]) || null,
          category: ['images', 'albums'].includes(name) ? params.get('category') : null,
        }}
      />
    </div>
  );
}

function Side({ viewer: who, current }: { viewer: Viewer; current: string }) {
  const t = useMessages(shell);
  const [isOpen, open] = useState(false);
  useEffect(() => open(false), [current]);
  return (
    <header class={isOpen ? 'side open' : 'side'}>
      <a class="brand" href="#/">
        <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="32" height="32" />
        PicHub
      </a>
      <Button
        kind="plain"
        icon={isOpen ? 'close' : 'menu'}
        class="menu"
        aria-label={t.menu}
        aria-expanded={isOpen}
        aria-controls="navigation"
        onClick={() => open(!isOpen)}
      />
      <div class="side-inside" id="navigation">
        <nav aria-label={t.navigation}>
          <ul>
            {NAMES.map((name) => (
              <li key={name}>
                <a
                  href={href(name === 'images' ? '/' : `/${name}`)}
                  aria-current={name === current ? 'page' : undefined}
                >
                  <Icon name={name} />
                  {t[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <p class="who" title={t.account(who.username)}>
            <span class="avatar" aria-hidden="true">
              {who.username.slice(0, 1).toUpperCase()}
            </span>
            <span class="name">
              <span class="unseen">{t.account(who.username)}</span>
              <span aria-hidden="true">{who.username}</span>
            </span>
            <Button kind="plain" icon="out" aria-label={t.signOut} title={t.signOut} onClick={leave} />
          </p>
          <div class="row">
            <LanguageSwitch />
            <a href={DOCS}>{t.api}</a>
            <a href={GRAPHIQL}>GraphiQL</a>
          </div>
        </div>
      </div>
    </header>
  );
}

/** What was loaded is for nobody else: the page begins anew. */
async function leave(): Promise<void> {
  await run(SIGN_OUT, {});
  location.hash = '';
  location.reload();
}

function Nowhere() {
  const t = useMessages(shell);
  return (
    <Empty icon="search" title={t.notFound} isAll>
      <a class="button" href="#/">
        {t.toImages}
      </a>
    </Empty>
  );
}
