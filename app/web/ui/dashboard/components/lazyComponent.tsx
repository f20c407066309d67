import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { currentMessages, useMessages } from '../../base/language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { Alert } from './Field';
import { errors } from '../messages/errors';

/** Return a component whose code is loaded when it is first rendered. */
export function lazyComponent(load: () => Promise<ComponentType>): ComponentType {
  let loaded: ComponentType | undefined;
  return function LazyComponent() {
    const [Content, setContent] = useState<ComponentType | 'failed' | undefined>(() => loaded);
    const { loading, retry } = useMessages(shell);
    const start = () =>
      void load().then(
        (component) => {
          loaded = component;
          setContent(() => component);
        },
        () => setContent('failed'),
      );
    useEffect(() => {
      if (!loaded) start();
    }, []);
    if (Content === undefined) return <p class="muted">{loading}</p>;
    if (Content === 'failed') {
      return (
        <>
          <Alert>{currentMessages(errors).codes['NETWORK']}</Alert>
          <Button onClick={() => location.reload()}>{retry}</Button>
        </>
      );
    }
    return <Content />;
  };
}
