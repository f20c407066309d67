import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/** A page of the dashboard: title, lead, actions and content. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · PicHub`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
        {actions && <div class="row">{actions}</div>}
        {lead && <p class="muted">{lead}</p>}
      </header>
      {children}
    </>
  );
}
