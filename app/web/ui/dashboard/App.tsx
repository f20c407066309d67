import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { DOCS_URL, GRAPHIQL_URL } from './api/urls';
import { mutate, query } from './api/client';
import { followEvents } from './api/eventStream';
import { SIGN_OUT, VIEWER } from './api/documents';
import { errorMessage, type ApiError } from './api/errors';
import { useMessages } from '../base/language';
import { shell } from './messages/shell';
import { Button } from './components/Button';
import { Alert } from './components/Field';
import { Icon, type IconName } from './components/Icon';
import { LanguageSwitch } from './components/LanguageSwitch';
import { lazyComponent } from './components/lazyComponent';
import { Empty } from './components/Empty';
import { Toasts } from './components/Toasts';
import { href, useRoute } from './router';
import { type Viewer, viewer } from './session';
import { SignIn } from './SignIn';
import { Images } from './images/Images';
import { Albums } from './albums/Albums';
import { useStore } from '../base/store';
import { DropZone, Uploads } from './upload/Uploads';

/** Pages by the first segment of their route, which also selects icon and label in the navigation. */
const PAGES = {
  images: Images,
  albums: Albums,
  categories: lazyComponent(() => import('./panels/categories').then((panel) => panel.Categories)),
  playground: lazyComponent(() => import('./panels/playground').then((panel) => panel.Playground)),
  tokens: lazyComponent(() => import('./panels/tokens').then((panel) => panel.Tokens)),
  webhooks: lazyComponent(() => import('./panels/webhooks').then((panel) => panel.Webhooks)),
  usage: lazyComponent(() => import('./panels/usage').then((panel) => panel.Usage)),
} as const satisfies Partial<Record<IconName, ComponentType>>;

type PageName = keyof typeof PAGES;
const PAGE_NAMES = Object.keys(PAGES) as PageName[];

export function App() {
  const user = useStore(viewer);
  const [error, setError] = useState<ApiError | null>(null);
  const t = useMessages(shell);
  const loadViewer = async () => {
    const result = await query(VIEWER, {});
    setError(result.error);
    if (result.data) viewer.set(result.data.viewer);
    else if (result.error.code === 'UNAUTHORIZED') viewer.set(null);
  };
  useEffect(() => void loadViewer(), []);
  return (
    <>
      {user ? (
        <Layout user={user} />
      ) : user === null ? (
        <SignIn />
      ) : (
        error && (
          <main class="standalone">
            <Alert>{errorMessage(error)}</Alert>
            <Button onClick={loadViewer}>{t.retry}</Button>
          </main>
        )
      )}
      <Toasts />
    </>
  );
}

function Layout({ user }: { user: Viewer }) {
  const { path, params } = useRoute();
  const t = useMessages(shell);
  const name = path[0] ?? 'images';
  useEffect(followEvents, [user.id]);
  const page = path.join('/');
  const previous = useRef(page);
  useEffect(() => {
    if (previous.current === page) return;
    previous.current = page;
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [page]);
  const Content = name in PAGES ? PAGES[name as PageName] : NotFound;
  return (
    <div class="layout">
      <button class="skip button" onClick={() => document.getElementById('main')?.focus()}>
        {t.skip}
      </button>
      <Sidebar user={user} current={name} />
      <main id="main" tabIndex={-1}>
        <Content key={name} />
      </main>
      <Uploads />
      <DropZone
        target={{
          album: (name === 'albums' && path[1]) || null,
          category: ['images', 'albums'].includes(name) ? params.get('category') : null,
        }}
      />
    </div>
  );
}

function Sidebar({ user, current }: { user: Viewer; current: string }) {
  const t = useMessages(shell);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [current]);
  return (
    <header class={isOpen ? 'sidebar open' : 'sidebar'}>
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
        onClick={() => setOpen(!isOpen)}
      />
      <div class="sidebar-content" id="navigation">
        <nav aria-label={t.navigation}>
          <ul>
            {PAGE_NAMES.map((name) => (
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
        <div class="sidebar-foot">
          <p class="account" title={t.account(user.username)}>
            <span class="avatar" aria-hidden="true">
              {user.username.slice(0, 1).toUpperCase()}
            </span>
            <span class="name">
              <span class="visually-hidden">{t.account(user.username)}</span>
              <span aria-hidden="true">{user.username}</span>
            </span>
            <Button kind="plain" icon="out" aria-label={t.signOut} title={t.signOut} onClick={signOut} />
          </p>
          <div class="row">
            <LanguageSwitch />
            <a href={DOCS_URL}>{t.api}</a>
            <a href={GRAPHIQL_URL}>GraphiQL</a>
          </div>
        </div>
      </div>
    </header>
  );
}

/** Reload the page after signing out: its state belongs to the account. */
async function signOut(): Promise<void> {
  await mutate(SIGN_OUT, {});
  location.hash = '';
  location.reload();
}

function NotFound() {
  const t = useMessages(shell);
  return (
    <Empty icon="search" title={t.notFound} isPageTitle>
      <a class="button" href="#/">
        {t.toImages}
      </a>
    </Empty>
  );
}
