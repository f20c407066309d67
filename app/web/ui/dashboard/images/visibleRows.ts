/** Virtual scrolling: the rows of a grid that are in or near the viewport. */
import { useLayoutEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

export interface GridLayout {
  readonly columns: number;
  /** Width of a tile, in pixels. */
  readonly tileWidth: number;
  /** Height of a row with the gap below it, in pixels. */
  readonly rowHeight: number;
}

export interface RowRange {
  readonly first: number;
  readonly end: number;
}

export const GAP = 16;
const CAPTION_HEIGHT = 40;
/** Rows that are rendered above and below the viewport. */
const OVERSCAN_ROWS = 2;

function layoutFor(width: number): GridLayout {
  const minWidth = width < 520 ? 140 : 196;
  const columns = Math.max(2, Math.floor((width + GAP) / (minWidth + GAP)));
  const tileWidth = (width - GAP * (columns - 1)) / columns;
  return { columns, tileWidth, rowHeight: Math.round(tileWidth * 0.75) + CAPTION_HEIGHT + GAP };
}

/** Return the layout and the visible rows of a grid, updated when the user scrolls or resizes the window. */
export function useVisibleRows(
  grid: RefObject<HTMLElement | null>,
  tileCount: number,
): { layout: GridLayout | null; rows: RowRange } {
  const [layout, setLayout] = useState<GridLayout | null>(null);
  const [rows, setRows] = useState<RowRange>({ first: 0, end: 0 });
  useLayoutEffect(() => {
    const element = grid.current!;
    let frame = 0;
    const measure = () => {
      frame = 0;
      const { width, top } = element.getBoundingClientRect();
      const next = layoutFor(width);
      const rowCount = Math.ceil(tileCount / next.columns);
      const first = Math.max(0, Math.min(rowCount, Math.floor(-top / next.rowHeight) - OVERSCAN_ROWS));
      const end = Math.min(rowCount, Math.ceil((innerHeight - top) / next.rowHeight) + OVERSCAN_ROWS);
      setLayout((current) =>
        current && current.columns === next.columns && current.tileWidth === next.tileWidth ? current : next,
      );
      setRows((current) => (current.first === first && current.end === end ? current : { first, end }));
    };
    const schedule = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    const observer = new ResizeObserver(schedule);
    observer.observe(element);
    addEventListener('scroll', schedule, { passive: true });
    addEventListener('resize', schedule);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      removeEventListener('scroll', schedule);
      removeEventListener('resize', schedule);
    };
  }, [tileCount]);
  return { layout, rows };
}
