/**
 * The images of one view, kept up with what happens meanwhile: page by page from the start, and, where one jumped down, from the
 * end. What lies between is reached from the nearer side, until the two meet; of what is only passed on the way to a far place the
 * ids are asked for, a tenth of the work, and the rest when it is to be seen.
 */
import { ask } from '../api/client';
import {
  EARLIER_IMAGES,
  EARLIER_PASSED_IMAGES,
  type ImageCard,
  IMAGES,
  IMAGES_BY_ID,
  MORE_IMAGES,
  PASSED_IMAGES,
} from '../api/documents';
import type { VariablesOf } from '../api/graphql';
import type { Problem } from '../api/problem';
import { type Happening, listen } from '../happenings';
import { createStore, type Store } from '../store';

const PAGE = 40;
/** As many as the server gives at once, for what is further away. */
const LARGE_PAGE = 100;
/** Milliseconds for which one must stay at a place far from all that is loaded. */
const WAIT = 120;

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

/** An image, or one that was passed, of which the id is known. */
export type Entry = ImageCard | { readonly id: string };

export function isCard(entry: Entry | undefined): entry is ImageCard {
  return entry !== undefined && 'srcSet' in entry;
}

export interface Shown {
  /** From the start of the list. */
  readonly images: readonly Entry[];
  /** Those at its end; none until one jumps there, nor once all is reached. */
  readonly tail: readonly Entry[];
  /** How many there are in all; null until the server said. */
  readonly total: number | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly problem: Problem | null;
  /** What came while one looked at something further down. */
  readonly arrived: readonly ImageCard[];
  /** Something changed whose place in this view only the server knows. */
  readonly isStale: boolean;
}

export interface Listing {
  readonly shown: Store<Shown>;
  load(): Promise<void>;
  /** Loads what is missing of these places in the list, or around them, if anything is. */
  reach(first: number, end: number): void;
  /** After a problem: what is seen is reached for anew. */
  retry(): void;
  /** Shows what arrived. */
  admit(): void;
  close(): void;
}

const NOTHING: Shown = {
  images: [],
  tail: [],
  total: null,
  hasMore: false,
  isLoading: true,
  problem: null,
  arrived: [],
  isStale: false,
};

/** `isAtTop` tells whether what arrives may be put before the rest without moving what one looks at. */
export function open(view: View, isAtTop: () => boolean): Listing {
  const shown = createStore<Shown>(NOTHING);
  const change = (by: Partial<Shown>) => shown.set({ ...shown.get(), ...by });
  let cursor: string | null = null;
  let tailCursor: string | null = null;
  let wanted: ReturnType<typeof setTimeout> | undefined;
  let waitedAt = '';
  let isFilling = false;
  let turn = 0;

  async function load(): Promise<void> {
    const mine = ++turn;
    change({ isLoading: true, problem: null });
    const answer = await ask(IMAGES, { ...asked(view), first: PAGE, after: null });
    if (mine !== turn) return;
    if (!answer.data) return change({ isLoading: false, problem: answer.problem });
    const { nodes, totalCount, pageInfo } = answer.data.images;
    cursor = pageInfo.endCursor;
    shown.set({
      ...NOTHING,
      images: nodes,
      total: totalCount,
      hasMore: pageInfo.hasNextPage,
      isLoading: false,
    });
  }

  function reach(first: number, end: number): void {
    clearTimeout(wanted);
    const { images, tail, total, hasMore, isLoading, problem } = shown.get();
    if (isLoading || problem || total === null) return;
    const ahead = first > 0 ? PAGE : 0; // at the start nobody knows yet whether one wants more
    const fromStart = end + ahead - images.length;
    const fromEnd = total - tail.length - (first - ahead);
    if (!hasMore || fromStart <= 0 || (tail.length && fromEnd <= 0)) {
      return void fill(Math.max(0, first - ahead), end + ahead);
    }
    const near = Math.min(fromStart, fromEnd);
    const load = () => void (fromStart <= fromEnd ? down(near) : up(near));
    const place = `${first} ${end}`;
    if (near <= LARGE_PAGE || place === waitedAt) return load();
    // Whoever drags the scrollbar past it does not look at it.
    wanted = setTimeout(() => {
      waitedAt = place; // once is enough for all the pages on the way there
      load();
    }, WAIT);
  }

  async function down(distance: number): Promise<void> {
    const mine = begin();
    const size = { ...asked(view), first: distance > PAGE * 2 ? LARGE_PAGE : PAGE, after: cursor };
    const answer = await (isFar(distance) ? ask(PASSED_IMAGES, size) : ask(MORE_IMAGES, size));
    if (mine !== turn) return;
    if (!answer.data) return change({ isLoading: false, problem: answer.problem });
    const { nodes, pageInfo } = answer.data.images;
    cursor = pageInfo.endCursor;
    const { images, tail } = shown.get();
    const isWhole = !pageInfo.hasNextPage;
    join([...images, ...without(nodes, images)], isWhole ? [] : tail, isWhole);
  }

  async function up(distance: number): Promise<void> {
    const mine = begin();
    const size = { ...asked(view), last: distance > PAGE * 2 ? LARGE_PAGE : PAGE, before: tailCursor };
    const answer = await (isFar(distance) ? ask(EARLIER_PASSED_IMAGES, size) : ask(EARLIER_IMAGES, size));
    if (mine !== turn) return;
    if (!answer.data) return change({ isLoading: false, problem: answer.problem });
    const { nodes, pageInfo } = answer.data.images;
    tailCursor = pageInfo.startCursor;
    const { images, tail } = shown.get();
    join(images, [...without(nodes, tail), ...tail], !pageInfo.hasPreviousPage);
  }

  /** Asks for what was passed and is to be seen now. What is no longer there leaves the list. */
  async function fill(first: number, end: number): Promise<void> {
    const passed = [...at(first, end)].filter((entry) => !isCard(entry)).slice(0, LARGE_PAGE);
    if (isFilling || passed.length === 0) return;
    const mine = turn;
    isFilling = true;
    const ids = passed.map(({ id }) => id);
    const { data, problem } = await ask(IMAGES_BY_ID, { ids });
    isFilling = false;
    if (mine !== turn) return;
    if (!data) return change({ problem });
    const cards = new Map(
      data.nodes.flatMap((node) => (node?.__typename === 'Image' ? [[node.id, node]] : [])),
    );
    const filled = (all: readonly Entry[]) => all.map((entry) => cards.get(entry.id) ?? entry);
    change({ images: filled(shown.get().images), tail: filled(shown.get().tail) });
    drop(ids.filter((id) => !cards.has(id)));
  }

  function* at(first: number, end: number): Iterable<Entry> {
    const { images, tail, total, arrived } = shown.get();
    const tailStart = (total ?? 0) - arrived.length - tail.length;
    for (let index = first; index < end; index += 1) {
      const entry = images[index] ?? tail[index - tailStart];
      if (entry) yield entry;
    }
  }

  function begin(): number {
    change({ isLoading: true, problem: null });
    return turn;
  }

  /** Both ends, or the whole where they have met. */
  function join(images: readonly Entry[], tail: readonly Entry[], isWhole: boolean): void {
    const rest = without(tail, images);
    const total = shown.get().total ?? 0;
    const haveMet = rest.length < tail.length || (tail.length > 0 && images.length + tail.length >= total);
    if (!isWhole && !haveMet) return change({ images, tail, isLoading: false });
    const all = [...images, ...rest];
    change({
      images: all,
      tail: [],
      total: all.length + shown.get().arrived.length,
      hasMore: false,
      isLoading: false,
    });
  }

  function admit(): void {
    const { images, arrived } = shown.get();
    if (arrived.length) change({ images: [...arrived, ...images], arrived: [] });
  }

  function arrive(image: ImageCard): void {
    if (!isIn(view, image)) return;
    const { images, tail, arrived, total } = shown.get();
    if (total === null) return; // the first page will have it
    if ([...images, ...tail, ...arrived].some(({ id }) => id === image.id)) return;
    if (view.search || view.order !== 'newest') return change({ isStale: true });
    change({ arrived: [image, ...arrived], total: total + 1 });
    if (isAtTop()) admit();
  }

  function drop(ids: readonly string[]): void {
    const gone = new Set(ids);
    const stays = ({ id }: Entry) => !gone.has(id);
    const { images, tail, arrived, total } = shown.get();
    const left = { images: images.filter(stays), tail: tail.filter(stays), arrived: arrived.filter(stays) };
    const lost = [images, tail, arrived].flat().length - [left.images, left.tail, left.arrived].flat().length;
    if (lost && total !== null) change({ ...left, total: total - lost });
    if (lost && !left.images.length && shown.get().hasMore) void load();
  }

  function hear(happening: Happening): void {
    switch (happening.kind) {
      case 'uploaded':
        return arrive(happening.image);
      case 'deleted':
        return drop(happening.ids);
      case 'changed': {
        const { image } = happening;
        if (!isIn(view, image)) return drop([image.id]);
        const renewed = (all: readonly Entry[]) =>
          all.map((one) => (one.id === image.id ? { ...one, ...image } : one));
        return change({ images: renewed(shown.get().images), tail: renewed(shown.get().tail) });
      }
      case 'filed': {
        if (view.album === null) return;
        if (happening.album !== view.album) return drop(happening.added);
        drop(happening.removed);
        const known = new Set([...shown.get().images, ...shown.get().tail].map(({ id }) => id));
        if (happening.added.some((id) => !known.has(id))) change({ isStale: true });
        return;
      }
      case 'unknown':
        return change({ isStale: true });
    }
  }

  const unhear = listen(hear);
  return {
    shown,
    load,
    reach,
    retry: () => change({ problem: null, images: [...shown.get().images] }),
    admit,
    close() {
      clearTimeout(wanted);
      turn += 1;
      unhear();
    },
  };
}

/** Whether a large page over that distance ends before what one looks at. */
function isFar(distance: number): boolean {
  return distance > LARGE_PAGE * 3;
}

function asked({
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

function isIn({ album, category }: View, image: ImageCard): boolean {
  if (album !== null && image.album?.id !== album) return false;
  return category === null || image.category?.id === category;
}

function without(images: readonly Entry[], known: readonly Entry[]): readonly Entry[] {
  const ids = new Set(known.map(({ id }) => id));
  return images.filter(({ id }) => !ids.has(id));
}
