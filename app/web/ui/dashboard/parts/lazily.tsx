import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { say, useMessages } from '../language';
import { shell } from '../messages/shell';
import { Button } from './Button';
import { Complaint } from './Field';
import { problems } from '../messages/problems';

/** A component whose code is loaded when it is first shown. */
export function lazily(load: () => Promise<ComponentType>): ComponentType {
  let loaded: ComponentType | undefined;
  return function Lazily() {
    const [Shown, show] = useState<ComponentType | 'failed' | undefined>(() => loaded);
    const { loading, retry } = useMessages(shell);
    const fetch = () =>
      void load().then(
        (component) => {
          loaded = component;
          show(() => component);
        },
        () => show('failed'),
      );
    useEffect(() => {
      if (!loaded) fetch();
    }, []);
    if (Shown === undefined) return <p class="quiet">{loading}</p>;
    if (Shown === 'failed') {
      return (
        <>
          <Complaint>{say(problems).titles.NETWORK}</Complaint>
          <Button onClick={() => location.reload()}>{retry}</Button>
        </>
      );
    }
    return <Shown />;
  };
}
