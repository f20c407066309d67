import { Component, type RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { ImageCard } from '../api/documents';
import { useMessages } from '../language';
import { gallery } from '../messages/gallery';
import { Icon } from '../parts/Icon';
import { type Entry, isCard } from './listing';
import { Thumbnail } from './Thumbnail';
import { GAP, type Layout, useWindow } from './window';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  set(ids: ReadonlySet<string>): void;
}

/**
 * Tiles of which only those near the screen are in the document. One of them takes the focus by Tab, arrows go on from
 * there.
 */
export function Grid({
  images,
  tail,
  total,
  selection,
  onOpen,
  onDelete,
  onReach,
}: {
  images: readonly Entry[];
  /** Those at the end; what lies between is not loaded yet, and has its room already. */
  tail: readonly Entry[];
  total: number;
  selection: Selection;
  onOpen: (id: string) => void;
  onDelete: () => void;
  /** Told which tiles are to be seen. */
  onReach: (first: number, end: number) => void;
}) {
  const t = useMessages(gallery);
  const list = useRef<HTMLUListElement>(null);
  const { layout, rows } = useWindow(list, total);
  const [active, setActive] = useState(0);
  const anchor = useRef<number | null>(null);
  const wanted = useRef<number | null>(null);
  const columns = layout?.columns ?? 1;
  const first = rows.first * columns;
  const end = Math.min(total, rows.end * columns);
  const current = Math.min(active, total - 1);
  const at = (index: number) => images[index] ?? tail[index - (total - tail.length)];

  useEffect(() => {
    if (layout !== null) onReach(first, end);
  }, [layout !== null, first, end, images, tail]);

  useEffect(() => {
    if (wanted.current === null) return;
    const place = list.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    place?.querySelector<HTMLElement>('.tile-open')?.focus({ preventScroll: true });
    place?.scrollIntoView({ block: 'nearest' });
    if (place?.matches('.tile')) wanted.current = null; // else it is not loaded yet
  });
  useEffect(() => {
    const give = () => (wanted.current = null); // who scrolls on no longer wants to go there
    addEventListener('wheel', give, { passive: true });
    addEventListener('touchmove', give, { passive: true });
    return () => {
      removeEventListener('wheel', give);
      removeEventListener('touchmove', give);
    };
  }, []);

  const toggle = (index: number) => {
    const id = at(index)?.id;
    if (id === undefined) return;
    const ids = new Set(selection.ids);
    if (!ids.delete(id)) ids.add(id);
    anchor.current = index;
    selection.set(ids);
  };
  const extend = (from: number, to: number) => {
    anchor.current ??= from;
    const [start, stop] = [Math.min(anchor.current, to), Math.max(anchor.current, to)];
    const between = Array.from({ length: stop - start + 1 }, (_, offset) => at(start + offset));
    selection.set(new Set([...selection.ids, ...between.flatMap((image) => image?.id ?? [])]));
  };
  const walk = (to: number, event: KeyboardEvent) => {
    event.preventDefault();
    const index = Math.max(0, Math.min(total - 1, to));
    if (event.shiftKey) extend(current, index);
    wanted.current = index;
    setActive(index);
  };
  const press = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      PageDown: columns * 4,
      PageUp: -columns * 4,
      Home: -total,
      End: total,
    };
    const step = steps[event.key];
    if (step !== undefined) walk(current + step, event);
    else if (event.key === ' ' && (event.target as HTMLElement).matches('.tile-open')) {
      event.preventDefault();
      if (event.shiftKey) extend(current, current);
      else toggle(current);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selection.set(new Set([...images, ...tail].map(({ id }) => id)));
    } else if (event.key === 'Escape') selection.set(new Set());
    else if (event.key === 'Delete' && selection.ids.size) onDelete();
  };
  const click = (index: number, event: MouseEvent) => {
    setActive(index);
    if (event.shiftKey) extend(anchor.current ?? index, index);
    else if (event.ctrlKey || event.metaKey || selection.ids.size) toggle(index);
    else onOpen(at(index)!.id);
  };

  const tick = (index: number, event: MouseEvent) => {
    setActive(index);
    if (event.shiftKey) extend(anchor.current ?? index, index);
    else toggle(index);
  };
  const hands = useRef<Hands>(null!);
  hands.current = { focus: setActive, click, tick };

  const indices = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);
  // The tile that has the focus stays, wherever one scrolls to.
  if (current >= 0 && (current < first || current >= end)) indices.push(current);
  const height = layout ? Math.ceil(total / columns) * layout.rowHeight - GAP : 0;
  return (
    <>
      <p class="unseen" id="grid-keys">
        {t.keys}
      </p>
      <ul
        ref={list}
        class={selection.ids.size ? 'grid selecting' : 'grid'}
        aria-label={t.title}
        aria-describedby="grid-keys"
        style={{ height: `${height}px` }}
        onKeyDown={press}
      >
        {layout &&
          indices.map((index) => {
            const image = at(index);
            if (!isCard(image)) return <Room key={index} index={index} layout={layout} />;
            return (
              <Tile
                key={image.id}
                image={image}
                index={index}
                total={total}
                layout={layout}
                isActive={index === current}
                isSelected={selection.ids.has(image.id)}
                hands={hands}
              />
            );
          })}
      </ul>
    </>
  );
}

function placed(index: number, { columns, tile, rowHeight }: Layout) {
  const left = (index % columns) * (tile + GAP);
  const top = Math.floor(index / columns) * rowHeight;
  return {
    width: `${tile}px`,
    height: `${rowHeight - GAP}px`,
    transform: `translate(${left}px, ${top}px)`,
  };
}

/** Where an image is that is not loaded yet. */
function Room({ index, layout }: { index: number; layout: Layout }) {
  return (
    <li class="room" data-index={index} aria-hidden="true" style={placed(index, layout)}>
      <span class="thumbnail" />
    </li>
  );
}

/** What one does with a tile. The same ones for all, so that a tile is drawn anew only where something of it changed. */
interface Hands {
  readonly focus: (index: number) => void;
  readonly click: (index: number, event: MouseEvent) => void;
  readonly tick: (index: number, event: MouseEvent) => void;
}

interface TileProps {
  readonly image: ImageCard;
  readonly index: number;
  readonly total: number;
  readonly layout: Layout;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly hands: RefObject<Hands>;
}

class Tile extends Component<TileProps> {
  override shouldComponentUpdate(next: TileProps): boolean {
    return (Object.keys(next) as (keyof TileProps)[]).some((name) => next[name] !== this.props[name]);
  }

  render() {
    return <Drawn {...this.props} />;
  }
}

function Drawn({ image, index, total, layout, isActive, isSelected, hands }: TileProps) {
  const t = useMessages(gallery);
  const name = image.title || image.filename;
  return (
    <li
      class={isSelected ? 'tile selected' : 'tile'}
      data-index={index}
      aria-setsize={total}
      aria-posinset={index + 1}
      onFocusIn={() => hands.current!.focus(index)}
      style={placed(index, layout)}
    >
      <button
        class="tile-open"
        tabIndex={isActive ? 0 : -1}
        aria-label={t.open(name)}
        onClick={(event) => hands.current!.click(index, event)}
      >
        <Thumbnail image={image} sizes={`${Math.ceil(layout.tile)}px`} />
        <span class="tile-name">
          {!image.isPublic && (
            <span title={t.private}>
              <Icon name="lock" />
            </span>
          )}
          <span>{name}</span>
        </span>
      </button>
      <button
        class="tile-check"
        role="checkbox"
        aria-checked={isSelected}
        aria-label={t.select(name)}
        tabIndex={isActive ? 0 : -1}
        onClick={(event) => hands.current!.tick(index, event)}
      >
        <Icon name="check" />
      </button>
    </li>
  );
}
