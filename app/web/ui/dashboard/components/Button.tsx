import type { ComponentChildren, JSX } from 'preact';

import { Icon, type IconName } from './Icon';

interface Props extends Omit<JSX.IntrinsicElements['button'], 'icon' | 'size'> {
  /** `primary` for the main action, `danger` for one that can't be undone, `plain` without a border. */
  kind?: 'primary' | 'danger' | 'plain';
  icon?: IconName;
  /** Disables the button while its request runs. */
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
  class: className = '',
  ...rest
}: Props) {
  const classes = ['button', kind, children === undefined && 'icon-only', className]
    .filter(Boolean)
    .join(' ');
  return (
    <button {...rest} type={type} class={classes} disabled={disabled || busy} aria-busy={busy}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
