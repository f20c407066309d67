/**
 * The images of a gallery view, kept up to date with events. Pages are loaded from the start and, after a jump, from the
 * end of the list, until the two meet. On the way to a distant position only ids are loaded, which costs a tenth; their
 * images are loaded when they become visible.
 */
import { createStore, type Store } from '../../base/store';
import { type ApiResult, mapResult, query } from '../api/client';
import {
  EARLIER_IMAGE_IDS,
  EARLIER_IMAGES,
  IMAGE_IDS,
  type ImageCard,
  IMAGES,
  IMAGES_BY_ID,
  MORE_IMAGES,
} from '../api/documents';
import type { ApiError } from '../api/errors';
import type { VariablesOf } from '../api/graphql';
import { type LibraryEvent, on } from '../libraryEvents';

const PAGE_SIZE = 40;
/** The server's maximum, for distant positions. */
const MAX_PAGE_SIZE = 100;
/** Delay before a distant position is loaded, in milliseconds: dragging the scrollbar past it loads nothing. */
const SETTLE_DELAY = 120;

export const ORDERS = {
  newest: { field: 'CREATED_AT', direction: 'DESC' },
  oldest: { field: 'CREATED_AT', direction: 'ASC' },
  name: { field: 'FILENAME', direction: 'ASC' },
  largest: { field: 'SIZE', direction: 'DESC' },
  smallest: { field: 'SIZE', direction: 'ASC' },
} as const;
export type Order = keyof typeof ORDERS;

export interface View {
  readonly search: string;
  readonly order: Order;
  readonly album: string | null;
  readonly category: string | null;
}

/** An image, or only its id if it is not loaded yet. */
export type Entry = ImageCard | { readonly id: string };

export function isCard(entry: Entry | undefined): entry is ImageCard {
  return entry !== undefined && 'srcSet' in entry;
}

export interface ListingState {
  /** Entries from the start of the list. */
  readonly images: readonly Entry[];
  /** Entries at the end of the list, after a jump; empty once all are loaded. */
  readonly tail: readonly Entry[];
  /** Number of all images, new ones included; null until the server has responded. */
  readonly total: number | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: ApiError | null;
  /** Images uploaded while the user was further down, not shown yet. */
  readonly newImages: readonly ImageCard[];
  /** True if an image changed whose position in this view is unknown. */
  readonly isStale: boolean;
}

export interface Listing {
  readonly state: Store<ListingState>;
  load(): Promise<void>;
  /** Load missing entries of this range and around it. */
  ensureLoaded(first: number, end: number): void;
  /** Load the visible range again after an error. */
  retry(): void;
  showNewImages(): void;
  close(): void;
}

const INITIAL_STATE: ListingState = {
  images: [],
  tail: [],
  total: null,
  hasMore: false,
  isLoading: true,
  error: null,
  newImages: [],
  isStale: false,
};

/** Create the listing of a view. `isAtTop` returns true if new images can be prepended without moving the others. */
export function createListing(view: View, isAtTop: () => boolean): Listing {
  const state = createStore<ListingState>(INITIAL_STATE);
  const update = (changes: Partial<ListingState>) => state.set({ ...state.get(), ...changes });
  let cursor: string | null = null;
  let tailCursor: string | null = null;
  let settleTimer: ReturnType<typeof setTimeout> | undefined;
  let settledRange = '';
  let isFilling = false;
  /** Incremented to discard responses to earlier requests. */
  let generation = 0;

  async function load(): Promise<void> {
    const started = ++generation;
    update({ isLoading: true, error: null });
    const { data, error } = await query(IMAGES, { ...filterOf(view), first: PAGE_SIZE, after: null });
    if (started !== generation) return;
    if (!data) return update({ isLoading: false, error });
    const { nodes, totalCount, pageInfo } = data.images;
    cursor = pageInfo.endCursor;
    state.set({
      ...INITIAL_STATE,
      images: nodes,
      total: totalCount,
      hasMore: pageInfo.hasNextPage,
      isLoading: false,
    });
  }

  function ensureLoaded(first: number, end: number): void {
    clearTimeout(settleTimer);
    const { images, tail, total, hasMore, isLoading, error } = state.get();
    if (isLoading || error || total === null) return;
    const margin = first > 0 ? PAGE_SIZE : 0; // no prefetch until the user scrolls
    const fromStart = end + margin - images.length;
    const fromEnd = total - tail.length - (first - margin);
    if (!hasMore || fromStart <= 0 || (tail.length && fromEnd <= 0)) {
      return void fill(Math.max(0, first - margin), end + margin);
    }
    const distance = Math.min(fromStart, fromEnd);
    const loadNext = () => void (fromStart <= fromEnd ? loadForward(distance) : loadBackward(distance));
    const range = `${first} ${end}`;
    if (distance <= MAX_PAGE_SIZE || range === settledRange) return loadNext();
    settleTimer = setTimeout(() => {
      settledRange = range; // no further delay for the pages on the way
      loadNext();
    }, SETTLE_DELAY);
  }

  async function loadForward(distance: number): Promise<void> {
    const variables = { ...filterOf(view), first: pageSize(distance), after: cursor };
    const page = await fetchPage(async () =>
      isDistant(distance)
        ? mapResult(await query(IMAGE_IDS, variables), (data) => data.images)
        : mapResult(await query(MORE_IMAGES, variables), (data) => data.images),
    );
    if (!page) return;
    const { nodes, pageInfo } = page;
    cursor = pageInfo.endCursor;
    const { images, tail } = state.get();
    const isComplete = !pageInfo.hasNextPage;
    merge([...images, ...without(nodes, images)], isComplete ? [] : tail, isComplete);
  }

  async function loadBackward(distance: number): Promise<void> {
    const variables = { ...filterOf(view), last: pageSize(distance), before: tailCursor };
    const page = await fetchPage(async () =>
      isDistant(distance)
        ? mapResult(await query(EARLIER_IMAGE_IDS, variables), (data) => data.images)
        : mapResult(await query(EARLIER_IMAGES, variables), (data) => data.images),
    );
    if (!page) return;
    const { nodes, pageInfo } = page;
    tailCursor = pageInfo.startCursor;
    const { images, tail } = state.get();
    merge(images, [...without(nodes, tail), ...tail], !pageInfo.hasPreviousPage);
  }

  /** Fetch a page. Returns null if it failed, or if it is of an earlier generation. */
  async function fetchPage<Page>(fetch: () => Promise<ApiResult<Page>>): Promise<Page | null> {
    const started = generation;
    update({ isLoading: true, error: null });
    const { data, error } = await fetch();
    if (started !== generation) return null;
    if (data === null) update({ isLoading: false, error });
    return data;
  }

  /** Load the images of entries that have only an id. Images that no longer exist leave the list. */
  async function fill(first: number, end: number): Promise<void> {
    const missing = [...entries(first, end)].filter((entry) => !isCard(entry)).slice(0, MAX_PAGE_SIZE);
    if (isFilling || missing.length === 0) return;
    const started = generation;
    isFilling = true;
    const ids = missing.map(({ id }) => id);
    const { data, error } = await query(IMAGES_BY_ID, { ids });
    isFilling = false;
    if (started !== generation) return;
    if (!data) return update({ error });
    const cards = new Map(
      data.nodes.flatMap((node) => (node?.__typename === 'Image' ? [[node.id, node]] : [])),
    );
    const filled = (all: readonly Entry[]) => all.map((entry) => cards.get(entry.id) ?? entry);
    update({ images: filled(state.get().images), tail: filled(state.get().tail) });
    remove(ids.filter((id) => !cards.has(id)));
  }

  function* entries(first: number, end: number): Iterable<Entry> {
    const { images, tail, total, newImages } = state.get();
    const tailStart = (total ?? 0) - newImages.length - tail.length;
    for (let index = first; index < end; index += 1) {
      const entry = images[index] ?? tail[index - tailStart];
      if (entry) yield entry;
    }
  }

  /** Store both ends of the list, joined if they have met. */
  function merge(images: readonly Entry[], tail: readonly Entry[], isComplete: boolean): void {
    const rest = without(tail, images);
    const total = state.get().total ?? 0;
    const haveMet = rest.length < tail.length || (tail.length > 0 && images.length + tail.length >= total);
    if (!isComplete && !haveMet) return update({ images, tail, isLoading: false });
    const all = [...images, ...rest];
    update({
      images: all,
      tail: [],
      total: all.length + state.get().newImages.length,
      hasMore: false,
      isLoading: false,
    });
  }

  function showNewImages(): void {
    const { images, newImages } = state.get();
    if (newImages.length) update({ images: [...newImages, ...images], newImages: [] });
  }

  function add(image: ImageCard): void {
    if (!matches(view, image)) return;
    const { images, tail, newImages, total } = state.get();
    if (total === null) return; // the first page will include it
    if ([...images, ...tail, ...newImages].some(({ id }) => id === image.id)) return;
    if (view.search || view.order !== 'newest') return update({ isStale: true });
    update({ newImages: [image, ...newImages], total: total + 1 });
    if (isAtTop()) showNewImages();
  }

  function remove(ids: readonly string[]): void {
    const removed = new Set(ids);
    const isKept = ({ id }: Entry) => !removed.has(id);
    const { images, tail, newImages, total } = state.get();
    const kept = {
      images: images.filter(isKept),
      tail: tail.filter(isKept),
      newImages: newImages.filter(isKept),
    };
    const count =
      [images, tail, newImages].flat().length - [kept.images, kept.tail, kept.newImages].flat().length;
    if (count && total !== null) update({ ...kept, total: total - count });
    if (count && !kept.images.length && state.get().hasMore) void load();
  }

  function replace(image: ImageCard): void {
    const replaced = (all: readonly Entry[]) =>
      all.map((entry) => (entry.id === image.id ? { ...entry, ...image } : entry));
    update({ images: replaced(state.get().images), tail: replaced(state.get().tail) });
  }

  function onEvent(event: LibraryEvent): void {
    switch (event.kind) {
      case 'uploaded':
        return add(event.image);
      case 'deleted':
        return remove(event.ids);
      case 'changed':
        return matches(view, event.image) ? replace(event.image) : remove([event.image.id]);
      case 'moved': {
        if (view.album === null) return;
        if (event.album !== view.album) return remove(event.added);
        remove(event.removed);
        const known = new Set([...state.get().images, ...state.get().tail].map(({ id }) => id));
        if (event.added.some((id) => !known.has(id))) update({ isStale: true });
        return;
      }
      case 'unknown':
        return update({ isStale: true });
    }
  }

  const unsubscribe = on(onEvent);
  return {
    state,
    load,
    ensureLoaded,
    retry: () => update({ error: null, images: [...state.get().images] }),
    showNewImages,
    close() {
      clearTimeout(settleTimer);
      generation += 1;
      unsubscribe();
    },
  };
}

function pageSize(distance: number): number {
  return distance > PAGE_SIZE * 2 ? MAX_PAGE_SIZE : PAGE_SIZE;
}

/** Return true if a large page ends before the visible range. */
function isDistant(distance: number): boolean {
  return distance > MAX_PAGE_SIZE * 3;
}

function filterOf({
  search,
  order,
  album,
  category,
}: View): Pick<VariablesOf<typeof IMAGES>, 'filter' | 'orderBy'> {
  return {
    filter: {
      ...(search && { search }),
      ...(album !== null && { albumId: album }),
      ...(category !== null && { categoryId: category }),
    },
    orderBy: ORDERS[order],
  };
}

function matches({ album, category }: View, image: ImageCard): boolean {
  if (album !== null && image.album?.id !== album) return false;
  return category === null || image.category?.id === category;
}

function without(images: readonly Entry[], known: readonly Entry[]): readonly Entry[] {
  const ids = new Set(known.map(({ id }) => id));
  return images.filter(({ id }) => !ids.has(id));
}
