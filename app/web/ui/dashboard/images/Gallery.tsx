import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { errorMessage } from '../api/problem';
import { useMessages } from '../language';
import { useCategories } from '../categories';
import { categories } from '../messages/categories';
import { gallery } from '../messages/gallery';
import { shell } from '../messages/shell';
import { Button } from '../parts/Button';
import { Empty } from '../parts/Empty';
import { Complaint } from '../parts/Field';
import { Icon } from '../parts/Icon';
import { go, replace, usePlace } from '../router';
import { useStore } from '../store';
import type { Into } from '../upload/queue';
import { UploadButton } from '../upload/Uploads';
import { Detail } from './Detail';
import { DeleteImages, MoveImages } from './Doings';
import { Grid } from './Grid';
import { isCard, open, type Order, ORDERS } from './listing';

/** Images with what one does with them: all of the account's, or an album's. `head` is told how many there are. */
export function Gallery({
  album,
  head,
}: {
  album: string | null;
  head: (total: number | null, actions: ComponentChildren) => ComponentChildren;
}) {
  const t = useMessages(gallery);
  const words = useMessages(shell);
  const { path, params } = usePlace();
  const here = `/${path.join('/')}`;
  const search = params.get('q') ?? '';
  const asked = params.get('order') ?? '';
  const order: Order = asked in ORDERS ? (asked as Order) : 'newest';
  const category = params.get('category');
  const shownId = params.get('image');

  const listing = useMemo(
    () => open({ search, order, album, category }, isAtTop),
    [search, order, album, category],
  );
  useEffect(() => {
    void listing.load();
    return () => listing.close();
  }, [listing]);
  const now = useStore(listing.shown);
  // What was seen stays until what was asked for is here.
  const seen = useRef(now);
  if (now.total !== null || now.problem) seen.current = now;
  const { images, tail, total, problem, arrived, isStale } = seen.current;
  const isLoading = now.isLoading;

  const [ids, select] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<'move' | 'delete' | null>(null);
  useEffect(() => select(new Set()), [listing]);
  const loaded = useMemo(() => [...images, ...tail].filter(isCard), [images, tail]);
  const known = useMemo(() => new Set(loaded.map(({ id }) => id)), [loaded]);
  const selected = useMemo(() => new Set([...ids].filter((id) => known.has(id))), [ids, known]);

  useEffect(() => {
    const admit = () => isAtTop() && listing.admit();
    addEventListener('scroll', admit, { passive: true });
    return () => removeEventListener('scroll', admit);
  }, [listing]);

  const at = (by: Readonly<Record<string, string | null>>) => ({
    q: search || null,
    order: order === 'newest' ? null : order,
    category,
    ...by,
  });
  const upwards = () => {
    listing.admit();
    if (isStale) void listing.load();
    scrollTo({ top: 0, behavior: isStill.matches ? 'instant' : 'smooth' });
  };
  const news = arrived.length ? t.arrived(arrived.length) : isStale ? t.stale : null;
  const isEmpty = !isLoading && !problem && images.length === 0;
  const isFirst = isEmpty && !search && !arrived.length;
  const into = { album, category };

  return (
    <>
      {head(total, isFirst ? null : <UploadButton into={into} />)}
      {(!isFirst || category !== null) && (
        <div class="toolbar">
          <SearchBox key={here} value={search} onSearch={(q) => replace(here, at({ q: q || null }))} />
          <select
            aria-label={t.order}
            value={order}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              replace(here, at({ order: chosen === 'newest' ? null : chosen }));
            }}
          >
            {(Object.keys(ORDERS) as Order[]).map((name) => (
              <option key={name} value={name}>
                {t.orders[name]}
              </option>
            ))}
          </select>
          <CategoryFilter value={category} onChoose={(chosen) => replace(here, at({ category: chosen }))} />
        </div>
      )}
      {news && (
        <div class="news">
          <Button kind="primary" icon="up" onClick={upwards}>
            {news}
          </Button>
        </div>
      )}
      {problem && images.length === 0 && (
        <Failed words={errorMessage(problem)} retry={words.retry} onRetry={() => void listing.load()} />
      )}
      {isFirst && <Nothing into={into} />}
      {isEmpty && search && (
        <Empty icon="search" title={t.noneFound}>
          <p>{t.noneFoundWords}</p>
          <Button onClick={() => replace(here, at({ q: null }))}>{t.clearSearch}</Button>
        </Empty>
      )}
      {images.length > 0 && (
        <Grid
          images={images}
          tail={tail}
          total={Math.max((total ?? 0) - arrived.length, images.length + tail.length)}
          selection={{ ids: selected, set: select }}
          onOpen={(image) => go(here, at({ image }))}
          onDelete={() => setDoing('delete')}
          onReach={listing.reach}
        />
      )}
      {isLoading && total === null && <Skeleton />}
      {problem && images.length > 0 && (
        <div class="news failed">
          <Complaint>{errorMessage(problem)}</Complaint>
          <Button icon="retry" onClick={listing.retry}>
            {words.retry}
          </Button>
        </div>
      )}
      {selected.size > 0 && (
        <div class="selection" role="toolbar" aria-label={t.selected(selected.size)}>
          <p role="status">{t.selected(selected.size)}</p>
          <Button kind="plain" icon="folder" onClick={() => setDoing('move')}>
            {t.move}
          </Button>
          <Button kind="plain" icon="trash" onClick={() => setDoing('delete')}>
            {t.delete}
          </Button>
          <Button kind="plain" icon="close" aria-label={t.clear} onClick={() => select(new Set())} />
        </div>
      )}
      {doing === 'delete' && selected.size > 0 && (
        <DeleteImages ids={[...selected]} onClose={() => setDoing(null)} />
      )}
      {doing === 'move' && selected.size > 0 && (
        <MoveImages
          ids={[...selected]}
          onClose={() => setDoing(null)}
          onMoved={() => select(new Set())}
          images={loaded}
        />
      )}
      {shownId && (
        <Detail
          id={shownId}
          images={tail.some(({ id }) => id === shownId) ? tail : images}
          onShow={(image) => replace(here, at({ image }))}
          onClose={() => replace(here, at({ image: null }))}
        />
      )}
    </>
  );
}

/** Whether who looks at the page wants nothing to move. */
const isStill = matchMedia('(prefers-reduced-motion: reduce)');

/** Whether what comes first can be seen, so that more before it is welcome. */
function isAtTop(): boolean {
  return scrollY < 80;
}

function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const t = useMessages(gallery);
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  const search = (now: string) => {
    clearTimeout(timer.current);
    onSearch(now.trim());
  };
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search(text);
      }}
    >
      <Icon name="search" />
      <input
        type="search"
        aria-label={t.search}
        placeholder={t.searchShort}
        value={text}
        onInput={(event) => {
          const now = event.currentTarget.value;
          setText(now);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => search(now), 250);
        }}
      />
    </form>
  );
}

/** Not there where there is no category to choose. */
function CategoryFilter({
  value,
  onChoose,
}: {
  value: string | null;
  onChoose: (id: string | null) => void;
}) {
  const t = useMessages(categories);
  const all = useCategories();
  if (!all?.length) return null;
  return (
    <select
      aria-label={t.one}
      value={value ?? ''}
      onChange={(event) => onChoose(event.currentTarget.value || null)}
    >
      <option value="">{t.all}</option>
      {all.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Failed({ words, retry, onRetry }: { words: string; retry: string; onRetry: () => void }) {
  return (
    <div class="stack">
      <Complaint>{words}</Complaint>
      <div class="row">
        <Button icon="retry" onClick={onRetry}>
          {retry}
        </Button>
      </div>
    </div>
  );
}

function Nothing({ into }: { into: Into }) {
  const t = useMessages(gallery);
  const words = useMessages(categories);
  const [title, about] = into.category
    ? [words.emptyHere, words.emptyHereWords]
    : into.album
      ? [t.emptyAlbum, t.emptyAlbumWords]
      : [t.emptyTitle, t.emptyWords];
  return (
    <div class="drop-here">
      <Empty icon="upload" title={title}>
        <p>{about}</p>
        <UploadButton into={into} />
        <p class="hint">{t.emptyFormats}</p>
      </Empty>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: 12 }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}
