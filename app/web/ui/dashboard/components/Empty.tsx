import type { ComponentChildren } from 'preact';

import { Icon, type IconName } from './Icon';

/** Placeholder of an empty list. `isPageTitle` makes its title the heading of the page. */
export function Empty({
  icon,
  title,
  isPageTitle = false,
  children,
}: {
  icon: IconName;
  title: string;
  isPageTitle?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <section class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      {isPageTitle ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children}
    </section>
  );
}
