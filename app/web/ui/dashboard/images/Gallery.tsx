import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { errorMessage } from '../api/errors';
import { useMessages } from '../../base/language';
import { useCategories } from '../categories';
import { categories } from '../messages/categories';
import { gallery } from '../messages/gallery';
import { shell } from '../messages/shell';
import { Button } from '../components/Button';
import { Empty } from '../components/Empty';
import { Alert } from '../components/Field';
import { Icon } from '../components/Icon';
import { navigate, replace, useRoute } from '../router';
import { useStore } from '../../base/store';
import type { UploadTarget } from '../upload/queue';
import { UploadButton } from '../upload/Uploads';
import { Detail } from './Detail';
import { DeleteImages, MoveImages } from './BulkActions';
import { Grid } from './Grid';
import { createListing, isCard, type Order, ORDERS } from './listing';

/** The images of the account or of an album, with search, selection and details. `head` receives their number. */
export function Gallery({
  album,
  head,
}: {
  album: string | null;
  head: (total: number | null, actions: ComponentChildren) => ComponentChildren;
}) {
  const t = useMessages(gallery);
  const { retry } = useMessages(shell);
  const { path, params } = useRoute();
  const page = `/${path.join('/')}`;
  const search = params.get('q') ?? '';
  const orderParam = params.get('order') ?? '';
  const order: Order = orderParam in ORDERS ? (orderParam as Order) : 'newest';
  const category = params.get('category');
  const openId = params.get('image');

  const listing = useMemo(
    () => createListing({ search, order, album, category }, isAtTop),
    [search, order, album, category],
  );
  useEffect(() => {
    void listing.load();
    return () => listing.close();
  }, [listing]);
  const state = useStore(listing.state);
  // Keep showing the previous view until the new one has loaded.
  const displayed = useRef(state);
  if (state.total !== null || state.error) displayed.current = state;
  const { images, tail, total, error, newImages, isStale } = displayed.current;
  const isLoading = state.isLoading;

  const [selectedIds, select] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<'move' | 'delete' | null>(null);
  useEffect(() => select(new Set()), [listing]);
  const loaded = useMemo(() => [...images, ...tail].filter(isCard), [images, tail]);
  const selected = useMemo(
    () => new Set(loaded.map(({ id }) => id).filter((id) => selectedIds.has(id))),
    [selectedIds, loaded],
  );

  useEffect(() => {
    const onScroll = () => isAtTop() && listing.showNewImages();
    addEventListener('scroll', onScroll, { passive: true });
    return () => removeEventListener('scroll', onScroll);
  }, [listing]);

  const withParams = (changes: Readonly<Record<string, string | null>>) => ({
    q: search || null,
    order: order === 'newest' ? null : order,
    category,
    ...changes,
  });
  const showChanges = () => {
    listing.showNewImages();
    if (isStale) void listing.load();
    scrollTo({ top: 0, behavior: prefersReducedMotion.matches ? 'instant' : 'smooth' });
  };
  const banner = newImages.length ? t.newImages(newImages.length) : isStale ? t.stale : null;
  const isEmpty = !isLoading && !error && images.length === 0;
  const showsWelcome = isEmpty && !search && !newImages.length;
  const target = { album, category };

  return (
    <>
      {head(total, showsWelcome ? null : <UploadButton target={target} />)}
      {(!showsWelcome || category !== null) && (
        <div class="toolbar">
          <SearchBox
            key={page}
            value={search}
            onSearch={(q) => replace(page, withParams({ q: q || null }))}
          />
          <select
            aria-label={t.order}
            value={order}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              replace(page, withParams({ order: chosen === 'newest' ? null : chosen }));
            }}
          >
            {(Object.keys(ORDERS) as Order[]).map((name) => (
              <option key={name} value={name}>
                {t.orders[name]}
              </option>
            ))}
          </select>
          <CategoryFilter value={category} onSelect={(id) => replace(page, withParams({ category: id }))} />
        </div>
      )}
      {banner && (
        <div class="banner">
          <Button kind="primary" icon="up" onClick={showChanges}>
            {banner}
          </Button>
        </div>
      )}
      {error && images.length === 0 && (
        <div class="stack">
          <Alert>{errorMessage(error)}</Alert>
          <div class="row">
            <Button icon="retry" onClick={() => void listing.load()}>
              {retry}
            </Button>
          </div>
        </div>
      )}
      {showsWelcome && <EmptyGallery target={target} />}
      {isEmpty && search && (
        <Empty icon="search" title={t.noneFound}>
          <p>{t.noneFoundText}</p>
          <Button onClick={() => replace(page, withParams({ q: null }))}>{t.clearSearch}</Button>
        </Empty>
      )}
      {images.length > 0 && (
        <Grid
          images={images}
          tail={tail}
          total={Math.max((total ?? 0) - newImages.length, images.length + tail.length)}
          selection={{ ids: selected, set: select }}
          onOpen={(image) => navigate(page, withParams({ image }))}
          onDelete={() => setDialog('delete')}
          onVisible={listing.ensureLoaded}
        />
      )}
      {isLoading && total === null && <Skeleton />}
      {error && images.length > 0 && (
        <div class="banner failed">
          <Alert>{errorMessage(error)}</Alert>
          <Button icon="retry" onClick={listing.retry}>
            {retry}
          </Button>
        </div>
      )}
      {selected.size > 0 && (
        <div class="selection" role="toolbar" aria-label={t.selected(selected.size)}>
          <p role="status">{t.selected(selected.size)}</p>
          <Button kind="plain" icon="folder" onClick={() => setDialog('move')}>
            {t.move}
          </Button>
          <Button kind="plain" icon="trash" onClick={() => setDialog('delete')}>
            {t.delete}
          </Button>
          <Button kind="plain" icon="close" aria-label={t.clear} onClick={() => select(new Set())} />
        </div>
      )}
      {dialog === 'delete' && selected.size > 0 && (
        <DeleteImages ids={[...selected]} onClose={() => setDialog(null)} />
      )}
      {dialog === 'move' && selected.size > 0 && (
        <MoveImages
          ids={[...selected]}
          onClose={() => setDialog(null)}
          onMoved={() => select(new Set())}
          images={loaded}
        />
      )}
      {openId && (
        <Detail
          id={openId}
          images={tail.some(({ id }) => id === openId) ? tail : images}
          onOpen={(image) => replace(page, withParams({ image }))}
          onClose={() => replace(page, withParams({ image: null }))}
        />
      )}
    </>
  );
}

const prefersReducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** Return true if the first images are visible, so that new ones can be inserted before them. */
function isAtTop(): boolean {
  return scrollY < 80;
}

function SearchBox({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const t = useMessages(gallery);
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  const search = (text: string) => {
    clearTimeout(timer.current);
    onSearch(text.trim());
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
          const { value } = event.currentTarget;
          setText(value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => search(value), 250);
        }}
      />
    </form>
  );
}

/** A filter by category. Hidden if there are none. */
function CategoryFilter({
  value,
  onSelect,
}: {
  value: string | null;
  onSelect: (id: string | null) => void;
}) {
  const t = useMessages(categories);
  const all = useCategories();
  if (!all?.length) return null;
  return (
    <select
      aria-label={t.category}
      value={value ?? ''}
      onChange={(event) => onSelect(event.currentTarget.value || null)}
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

function EmptyGallery({ target }: { target: UploadTarget }) {
  const t = useMessages(gallery);
  const { emptyCategory, emptyCategoryText } = useMessages(categories);
  const [title, text] = target.category
    ? [emptyCategory, emptyCategoryText]
    : target.album
      ? [t.emptyAlbum, t.emptyAlbumText]
      : [t.emptyTitle, t.emptyText];
  return (
    <div class="drop-hint">
      <Empty icon="upload" title={title}>
        <p>{text}</p>
        <UploadButton target={target} />
        <p class="hint">{t.formats}</p>
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
