import { useState } from 'preact/hooks';

import { localSet } from '../api/addresses';

/** A picture over its ThumbHash, which goes once the picture is there: it may be transparent. */
export function Thumbnail({
  image,
  sizes,
  alt = '',
}: {
  image: { readonly placeholder: string; readonly srcSet: string };
  sizes: string;
  alt?: string;
}) {
  const [state, setState] = useState<'loading' | 'loaded' | 'failed'>('loading');
  return (
    <span
      class={`thumbnail ${state}`}
      style={
        state === 'loaded' ? { backgroundImage: 'none' } : { backgroundImage: `url("${image.placeholder}")` }
      }
    >
      <img
        sizes={sizes}
        srcset={localSet(image.srcSet)}
        alt={alt}
        decoding="async"
        draggable={false}
        onLoad={() => setState('loaded')}
        onError={() => setState('failed')}
      />
    </span>
  );
}
