import { useEffect, useRef, useState } from 'preact/hooks';

import type { ImageCard } from '../api/documents';
import { useMessages } from '../language';
import { gallery } from '../messages/gallery';
import { Icon } from '../parts/Icon';
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
  total,
  selection,
  onOpen,
  onDelete,
  onNearEnd,
}: {
  images: readonly ImageCard[];
  total: number;
  selection: Selection;
  onOpen: (id: string) => void;
  onDelete: () => void;
  onNearEnd: () => void;
}) {
  const t = useMessages(gallery);
  const list = useRef<HTMLUListElement>(null);
  const { layout, rows } = useWindow(list, images.length);
  const [active, setActive] = useState(0);
  const anchor = useRef<number | null>(null);
  const wanted = useRef<number | null>(null);
  const columns = layout?.columns ?? 1;
  const first = rows.first * columns;
  const end = Math.min(images.length, rows.end * columns);
  const current = Math.min(active, images.length - 1);

  const isNearEnd = layout !== null && end >= images.length - 4 * columns;
  useEffect(() => {
    if (isNearEnd) onNearEnd();
  }, [isNearEnd, images.length]);

  useEffect(() => {
    if (wanted.current === null) return;
    const tile = list.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] .tile-open`);
    tile?.focus({ preventScroll: true });
    tile?.closest('li')?.scrollIntoView({ block: 'nearest' });
    wanted.current = null;
  });

  const toggle = (index: number) => {
    const ids = new Set(selection.ids);
    const { id } = images[index]!;
    if (!ids.delete(id)) ids.add(id);
    anchor.current = index;
    selection.set(ids);
  };
  const extend = (from: number, to: number) => {
    anchor.current ??= from;
    const [start, stop] = [Math.min(anchor.current, to), Math.max(anchor.current, to)];
    selection.set(new Set([...selection.ids, ...images.slice(start, stop + 1).map(({ id }) => id)]));
  };
  const walk = (to: number, event: KeyboardEvent) => {
    event.preventDefault();
    const index = Math.max(0, Math.min(images.length - 1, to));
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
      Home: -images.length,
      End: images.length,
    };
    const step = steps[event.key];
    if (step !== undefined) walk(current + step, event);
    else if (event.key === ' ' && (event.target as HTMLElement).matches('.tile-open')) {
      event.preventDefault();
      if (event.shiftKey) extend(current, current);
      else toggle(current);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selection.set(new Set(images.map(({ id }) => id)));
    } else if (event.key === 'Escape') selection.set(new Set());
    else if (event.key === 'Delete' && selection.ids.size) onDelete();
  };
  const click = (index: number, event: MouseEvent) => {
    setActive(index);
    if (event.shiftKey) extend(anchor.current ?? index, index);
    else if (event.ctrlKey || event.metaKey || selection.ids.size) toggle(index);
    else onOpen(images[index]!.id);
  };

  const indices = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);
  // The tile that has the focus stays, wherever one scrolls to.
  if (current >= 0 && (current < first || current >= end)) indices.push(current);
  const height = layout ? Math.ceil(images.length / columns) * layout.rowHeight - GAP : 0;
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
          indices.map((index) => (
            <Tile
              key={images[index]!.id}
              image={images[index]!}
              index={index}
              total={total}
              layout={layout}
              isActive={index === current}
              isSelected={selection.ids.has(images[index]!.id)}
              onFocus={() => setActive(index)}
              onClick={(event) => click(index, event)}
              onToggle={(event) => {
                setActive(index);
                if (event.shiftKey) extend(anchor.current ?? index, index);
                else toggle(index);
              }}
            />
          ))}
      </ul>
    </>
  );
}

function Tile({
  image,
  index,
  total,
  layout: { columns, tile, rowHeight },
  isActive,
  isSelected,
  onFocus,
  onClick,
  onToggle,
}: {
  image: ImageCard;
  index: number;
  total: number;
  layout: Layout;
  isActive: boolean;
  isSelected: boolean;
  onFocus: () => void;
  onClick: (event: MouseEvent) => void;
  onToggle: (event: MouseEvent) => void;
}) {
  const t = useMessages(gallery);
  const left = (index % columns) * (tile + GAP);
  const top = Math.floor(index / columns) * rowHeight;
  const name = image.title || image.filename;
  return (
    <li
      class={isSelected ? 'tile selected' : 'tile'}
      data-index={index}
      aria-setsize={total}
      aria-posinset={index + 1}
      onFocusIn={onFocus}
      style={{
        width: `${tile}px`,
        height: `${rowHeight - GAP}px`,
        transform: `translate(${left}px, ${top}px)`,
      }}
    >
      <button class="tile-open" tabIndex={isActive ? 0 : -1} aria-label={t.open(name)} onClick={onClick}>
        <Thumbnail image={image} sizes={`${Math.ceil(tile)}px`} />
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
        onClick={onToggle}
      >
        <Icon name="check" />
      </button>
    </li>
  );
}
