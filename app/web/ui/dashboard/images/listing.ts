/** The images of one view, page by page, kept up with what happens meanwhile. */
import { ask } from '../api/client';
import { IMAGES, MORE_IMAGES, type ImageCard } from '../api/documents';
import type { VariablesOf } from '../api/graphql';
import type { Problem } from '../api/problem';
import { type Happening, listen } from '../happenings';
import { createStore, type Store } from '../store';

const PAGE = 40;

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
}

export interface Shown {
  readonly images: readonly ImageCard[];
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
  more(): Promise<void>;
  /** Shows what arrived. */
  admit(): void;
  close(): void;
}

const NOTHING: Shown = {
  images: [],
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

  async function more(): Promise<void> {
    const { isLoading, hasMore } = shown.get();
    if (isLoading || !hasMore) return;
    const mine = turn;
    change({ isLoading: true, problem: null });
    const answer = await ask(MORE_IMAGES, { ...asked(view), first: PAGE, after: cursor });
    if (mine !== turn) return;
    if (!answer.data) return change({ isLoading: false, problem: answer.problem });
    const { nodes, pageInfo } = answer.data.images;
    cursor = pageInfo.endCursor;
    const { images } = shown.get();
    const known = new Set(images.map(({ id }) => id));
    change({
      images: [...images, ...nodes.filter(({ id }) => !known.has(id))],
      hasMore: pageInfo.hasNextPage,
      isLoading: false,
    });
  }

  function admit(): void {
    const { images, arrived } = shown.get();
    if (arrived.length) change({ images: [...arrived, ...images], arrived: [] });
  }

  function arrive(image: ImageCard): void {
    if (view.album !== null && image.album?.id !== view.album) return;
    const { images, arrived, total } = shown.get();
    if (total === null) return; // the first page will have it
    if ([...images, ...arrived].some(({ id }) => id === image.id)) return;
    if (view.search || view.order !== 'newest') return change({ isStale: true });
    change({ arrived: [image, ...arrived], total: total + 1 });
    if (isAtTop()) admit();
  }

  function drop(ids: readonly string[]): void {
    const gone = new Set(ids);
    const stays = ({ id }: ImageCard) => !gone.has(id);
    const { images, arrived, total } = shown.get();
    const left = { images: images.filter(stays), arrived: arrived.filter(stays) };
    const lost = images.length + arrived.length - left.images.length - left.arrived.length;
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
        const { images } = shown.get();
        if (view.album !== null && image.album?.id !== view.album) return drop([image.id]);
        return change({ images: images.map((one) => (one.id === image.id ? { ...one, ...image } : one)) });
      }
      case 'filed': {
        if (view.album === null) return;
        if (happening.album !== view.album) return drop(happening.added);
        drop(happening.removed);
        const known = new Set(shown.get().images.map(({ id }) => id));
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
    more,
    admit,
    close() {
      turn += 1;
      unhear();
    },
  };
}

function asked({ search, order, album }: View): Pick<VariablesOf<typeof IMAGES>, 'filter' | 'orderBy'> {
  return {
    filter: { ...(search && { search }), ...(album !== null && { albumId: album }) },
    orderBy: ORDERS[order],
  };
}
