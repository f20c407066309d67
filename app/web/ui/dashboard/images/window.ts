/** Which rows of a grid are to be in the document: those on the screen, and some around them. */
import { useLayoutEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

export interface Layout {
  readonly columns: number;
  readonly tile: number;
  readonly rowHeight: number;
}

export interface Rows {
  readonly first: number;
  readonly end: number;
}

const GAP = 16;
const CAPTION = 40;
/** Rows that are kept above and below the screen. */
const AROUND = 2;

export function layoutOf(width: number): Layout {
  const narrow = width < 520;
  const columns = Math.max(2, Math.floor((width + GAP) / ((narrow ? 140 : 196) + GAP)));
  const tile = (width - GAP * (columns - 1)) / columns;
  return { columns, tile, rowHeight: Math.round(tile * 0.75) + CAPTION + GAP };
}

/** How a grid of so many tiles lies in the window, kept up with scrolling and resizing. */
export function useWindow(
  grid: RefObject<HTMLElement | null>,
  tiles: number,
): { layout: Layout | null; rows: Rows } {
  const [layout, setLayout] = useState<Layout | null>(null);
  const [rows, setRows] = useState<Rows>({ first: 0, end: 0 });
  useLayoutEffect(() => {
    const element = grid.current!;
    let asked = 0;
    const measure = () => {
      asked = 0;
      const { width, top } = element.getBoundingClientRect();
      const now = layoutOf(width);
      const all = Math.ceil(tiles / now.columns);
      const first = Math.max(0, Math.min(all, Math.floor(-top / now.rowHeight) - AROUND));
      const end = Math.min(all, Math.ceil((innerHeight - top) / now.rowHeight) + AROUND);
      setLayout((before) =>
        before && before.columns === now.columns && before.tile === now.tile ? before : now,
      );
      setRows((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    const soon = () => {
      asked ||= requestAnimationFrame(measure);
    };
    measure();
    const sizes = new ResizeObserver(soon);
    sizes.observe(element);
    addEventListener('scroll', soon, { passive: true });
    addEventListener('resize', soon);
    return () => {
      cancelAnimationFrame(asked);
      sizes.disconnect();
      removeEventListener('scroll', soon);
      removeEventListener('resize', soon);
    };
  }, [tiles]);
  return { layout, rows };
}

export { GAP };
