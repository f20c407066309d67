import type { ComponentChildren } from 'preact';

import { Icon, type IconName } from './Icon';

/** What stands where there is nothing yet: what would be here, and how to begin. */
export function Empty({
  icon,
  title,
  children,
}: {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}) {
  return (
    <section class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
