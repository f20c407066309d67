import { Component, type RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { ImageCard } from '../api/documents';
import { useMessages } from '../../base/language';
import { gallery } from '../messages/gallery';
import { Icon } from '../components/Icon';
import { type Entry, isCard } from './listing';
import { Thumbnail } from './Thumbnail';
import { GAP, type GridLayout, useVisibleRows } from './visibleRows';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  set(ids: ReadonlySet<string>): void;
}

/** A virtual grid of images, with one tab stop: arrow keys move the focus between tiles. */
export function Grid({
  images,
  tail,
  total,
  selection,
  onOpen,
  onDelete,
  onVisible,
}: {
  images: readonly Entry[];
  /** Entries at the end of the list. Those between `images` and `tail` are not loaded; placeholders reserve their space. */
  tail: readonly Entry[];
  total: number;
  selection: Selection;
  onOpen: (id: string) => void;
  onDelete: () => void;
  /** Called with the range of visible tiles. */
  onVisible: (first: number, end: number) => void;
}) {
  const t = useMessages(gallery);
  const list = useRef<HTMLUListElement>(null);
  const { layout, rows } = useVisibleRows(list, total);
  const [active, setActive] = useState(0);
  const anchor = useRef<number | null>(null);
  const pendingFocus = useRef<number | null>(null);
  const columns = layout?.columns ?? 1;
  const first = rows.first * columns;
  const end = Math.min(total, rows.end * columns);
  const current = Math.min(active, total - 1);
  const at = (index: number) => images[index] ?? tail[index - (total - tail.length)];

  useEffect(() => {
    if (layout !== null) onVisible(first, end);
  }, [layout !== null, first, end, images, tail]);

  useEffect(() => {
    if (pendingFocus.current === null) return;
    const item = list.current?.querySelector<HTMLElement>(`[data-index="${pendingFocus.current}"]`);
    item?.querySelector<HTMLElement>('.tile-open')?.focus({ preventScroll: true });
    item?.scrollIntoView({ block: 'nearest' });
    if (item?.matches('.tile')) pendingFocus.current = null; // otherwise it is not loaded yet
  });
  useEffect(() => {
    const cancel = () => (pendingFocus.current = null); // scrolling cancels a pending move of the focus
    addEventListener('wheel', cancel, { passive: true });
    addEventListener('touchmove', cancel, { passive: true });
    return () => {
      removeEventListener('wheel', cancel);
      removeEventListener('touchmove', cancel);
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
  const extendSelection = (from: number, to: number) => {
    anchor.current ??= from;
    const [start, stop] = [Math.min(anchor.current, to), Math.max(anchor.current, to)];
    const between = Array.from({ length: stop - start + 1 }, (_, offset) => at(start + offset));
    selection.set(new Set([...selection.ids, ...between.flatMap((image) => image?.id ?? [])]));
  };
  const moveFocus = (to: number, event: KeyboardEvent) => {
    event.preventDefault();
    const index = Math.max(0, Math.min(total - 1, to));
    if (event.shiftKey) extendSelection(current, index);
    pendingFocus.current = index;
    setActive(index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
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
    if (step !== undefined) moveFocus(current + step, event);
    else if (event.key === ' ' && (event.target as HTMLElement).matches('.tile-open')) {
      event.preventDefault();
      if (event.shiftKey) extendSelection(current, current);
      else toggle(current);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selection.set(new Set([...images, ...tail].map(({ id }) => id)));
    } else if (event.key === 'Escape') selection.set(new Set());
    else if (event.key === 'Delete' && selection.ids.size) onDelete();
  };
  const onClick = (index: number, event: MouseEvent) => {
    setActive(index);
    if (event.shiftKey) extendSelection(anchor.current ?? index, index);
    else if (event.ctrlKey || event.metaKey || selection.ids.size) toggle(index);
    else onOpen(at(index)!.id);
  };
  const onToggle = (index: number, event: MouseEvent) => {
    setActive(index);
    if (event.shiftKey) extendSelection(anchor.current ?? index, index);
    else toggle(index);
  };
  const handlers = useRef<TileHandlers>(null!);
  handlers.current = { onFocus: setActive, onClick, onToggle };

  const indices = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);
  // Keep the focused tile in the document while the user scrolls.
  if (current >= 0 && (current < first || current >= end)) indices.push(current);
  const height = layout ? Math.ceil(total / columns) * layout.rowHeight - GAP : 0;
  return (
    <>
      <p class="visually-hidden" id="grid-keys">
        {t.keys}
      </p>
      <ul
        ref={list}
        class={selection.ids.size ? 'grid selecting' : 'grid'}
        aria-label={t.title}
        aria-describedby="grid-keys"
        style={{ height: `${height}px` }}
        onKeyDown={onKeyDown}
      >
        {layout &&
          indices.map((index) => {
            const image = at(index);
            if (!isCard(image)) return <Placeholder key={index} index={index} layout={layout} />;
            return (
              <Tile
                key={image.id}
                image={image}
                index={index}
                total={total}
                layout={layout}
                isActive={index === current}
                isSelected={selection.ids.has(image.id)}
                handlers={handlers}
              />
            );
          })}
      </ul>
    </>
  );
}

function tileStyle(index: number, { columns, tileWidth, rowHeight }: GridLayout) {
  const left = (index % columns) * (tileWidth + GAP);
  const top = Math.floor(index / columns) * rowHeight;
  return {
    width: `${tileWidth}px`,
    height: `${rowHeight - GAP}px`,
    transform: `translate(${left}px, ${top}px)`,
  };
}

/** The space of an image that is not loaded yet. */
function Placeholder({ index, layout }: { index: number; layout: GridLayout }) {
  return (
    <li class="tile-placeholder" data-index={index} aria-hidden="true" style={tileStyle(index, layout)}>
      <span class="thumbnail" />
    </li>
  );
}

/** Event handlers of tiles, in a ref, so that a tile re-renders only when its own properties change. */
interface TileHandlers {
  readonly onFocus: (index: number) => void;
  readonly onClick: (index: number, event: MouseEvent) => void;
  readonly onToggle: (index: number, event: MouseEvent) => void;
}

interface TileProps {
  readonly image: ImageCard;
  readonly index: number;
  readonly total: number;
  readonly layout: GridLayout;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly handlers: RefObject<TileHandlers>;
}

class Tile extends Component<TileProps> {
  override shouldComponentUpdate(next: TileProps): boolean {
    return (Object.keys(next) as (keyof TileProps)[]).some((name) => next[name] !== this.props[name]);
  }

  render() {
    return <TileContent {...this.props} />;
  }
}

function TileContent({ image, index, total, layout, isActive, isSelected, handlers }: TileProps) {
  const t = useMessages(gallery);
  const name = image.title || image.filename;
  return (
    <li
      class={isSelected ? 'tile selected' : 'tile'}
      data-index={index}
      aria-setsize={total}
      aria-posinset={index + 1}
      onFocusIn={() => handlers.current!.onFocus(index)}
      style={tileStyle(index, layout)}
    >
      <button
        class="tile-open"
        tabIndex={isActive ? 0 : -1}
        aria-label={t.open(name)}
        onClick={(event) => handlers.current!.onClick(index, event)}
      >
        <Thumbnail image={image} sizes={`${Math.ceil(layout.tileWidth)}px`} />
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
        onClick={(event) => handlers.current!.onToggle(index, event)}
      >
        <Icon name="check" />
      </button>
    </li>
  );
}
