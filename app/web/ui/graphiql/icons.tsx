const line = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.5,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

export const ExamplesIcon = () => (
  <svg viewBox="0 0 24 24" height="1em" {...line}>
    <path d="M5 4h11l3 3v13H5zM9 10l-2 2 2 2M15 10l2 2-2 2M13 9l-2 6" />
  </svg>
);

export const UploadIcon = () => (
  <svg viewBox="0 0 24 24" height="1em" {...line}>
    <path d="M4 15v4h16v-4M12 15V4M7.5 8.5 12 4l4.5 4.5" />
  </svg>
);

export const AccessIcon = () => (
  <svg viewBox="0 0 24 24" height="1em" {...line}>
    <circle cx="8" cy="15" r="4" />
    <path d="m11 12 8-8M16 7l3 3" />
  </svg>
);
