import type { ComponentChildren } from 'preact';

import { Icon, type IconName } from './Icon';

/** What stands where there is nothing yet: what would be here, and how to begin. `isAll` where the page has no other title. */
export function Empty({
  icon,
  title,
  isAll = false,
  children,
}: {
  icon: IconName;
  title: string;
  isAll?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <section class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      {isAll ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </section>
  );
}
