import { useState } from 'preact/hooks';

import { localSrcSet } from '../api/urls';

/** An image over its ThumbHash, which is removed once the image has loaded: it may be transparent. */
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
        srcset={localSrcSet(image.srcSet)}
        alt={alt}
        decoding="async"
        draggable={false}
        onLoad={() => setState('loaded')}
        onError={() => setState('failed')}
      />
    </span>
  );
}
