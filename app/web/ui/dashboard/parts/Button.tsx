import type { ComponentChildren, JSX } from 'preact';

import { Icon, type IconName } from './Icon';

interface Given extends Omit<JSX.IntrinsicElements['button'], 'icon' | 'size'> {
  /** `primary` for the one thing to do here, `danger` for what can't be undone, `plain` without a frame. */
  kind?: 'primary' | 'danger' | 'plain';
  icon?: IconName;
  /** Under way: it can't be pressed meanwhile. */
  busy?: boolean;
  children?: ComponentChildren;
}

export function Button({
  kind,
  icon,
  busy = false,
  children,
  disabled,
  type = 'button',
  class: also = '',
  ...rest
}: Given) {
  const classes = ['button', kind, children === undefined && 'icon-only', also].filter(Boolean).join(' ');
  return (
    <button {...rest} type={type} class={classes} disabled={disabled || busy} aria-busy={busy}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
