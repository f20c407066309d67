import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/** What one place of the dashboard shows: its title, what one does there, and the rest. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · PicHub`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
        {actions && <div class="row">{actions}</div>}
        {lead && <p class="quiet">{lead}</p>}
      </header>
      {children}
    </>
  );
}
