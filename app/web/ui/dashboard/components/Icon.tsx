/** Line icons of 24 × 24, hidden from screen readers: the element around them has a label. */
const PATHS = {
  images: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  albums: 'M4 8h16v12H4zM6 5h12M8 2.5h8',
  categories: 'M3.500 3.500h8l9 9-8 8-9-9zM7.500 7.500h.01',
  playground: 'M4 7h9M17 7h3M4 17h3M11 17h9M13 4.5v5M7 14.5v5',
  tokens: 'M12 15.500a4.500 4.500 0 1 1-9 0 4.500 4.500 0 0 1 9 0zM10.800 12.300 20 3M16.500 6.500l3 3',
  webhooks: 'M9 8a3 3 0 1 1 4 2.800L16 16M8 16a3 3 0 1 1-3-3M8 16h8a3 3 0 1 0 1-2.500M10.500 10.500 7.500 15',
  usage: 'M5 20V11M12 20V4M19 20v-6',
  upload: 'M12 16V4M7 9l5-5 5 5M4 16v4h16v-4',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.500 4.500',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  folder: 'M3 6h6l2 2h10v11H3z',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.500 10 17.500 19.500 7',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  up: 'M5 15l7-7 7 7',
  down: 'M5 9l7 7 7-7',
  out: 'M10 4H5v16h5M15 8l4 4-4 4M19 12H9',
  retry: 'M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  download: 'M12 4v12M7 11l5 5 5-5M4 20h16',
  warning: 'M12 4 2.500 20h19zM12 10v4M12 17h.01',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
