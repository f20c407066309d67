import { useState } from 'preact/hooks';

import { ask } from '../api/client';
import { errorMessage } from '../api/problem';
import { Thumbnail } from '../images/Thumbnail';
import { useMessages } from '../language';
import { playground } from '../messages/playground';
import { Empty } from '../parts/Empty';
import { Complaint } from '../parts/Field';
import { Page } from '../parts/Page';
import { replace, usePlace } from '../router';
import { useAsked } from './asking';
import { ONE_SOURCE, SOURCES, type Source, type Transform } from './documents';
import './panels.css';
import { Controls } from './playground/Controls';
import { invalidParameter } from './playground/parameters';
import { Comparison, Links, Picture, useResult, Warnings } from './playground/Result';

/** One picture and all that an address may say of it. `?image=` says which; the newest otherwise. */
export function Playground() {
  const t = useMessages(playground);
  const { data, problem } = useAsked(() => ask(SOURCES, {}));
  const asked = usePlace().params.get('image');
  const newest = data?.images.nodes ?? [];
  const known = asked ? newest.find(({ id }) => id === asked) : newest[0];
  if (data && newest.length === 0 && !asked) {
    return (
      <Page title={t.title} lead={t.lead}>
        <Empty icon="images" title={t.emptyTitle}>
          <p>{t.emptyWords}</p>
          <a class="button primary" href="#/">
            {t.toImages}
          </a>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={t.title} lead={t.lead}>
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      {data && (
        <>
          <Strip images={newest} chosen={known?.id ?? asked} />
          {known ? (
            <Bench source={known} presets={data.presets} />
          ) : (
            <Older key={asked} id={asked!} presets={data.presets} />
          )}
        </>
      )}
    </Page>
  );
}

type Presets = readonly { readonly name: string; readonly canonical: string }[];

/** An image that is not among the newest. */
function Older({ id, presets }: { id: string; presets: Presets }) {
  const { data, problem } = useAsked(() => ask(ONE_SOURCE, { id }), id);
  if (problem) return <Complaint>{errorMessage(problem)}</Complaint>;
  return data?.image ? <Bench source={data.image} presets={presets} /> : null;
}

function Strip({ images, chosen }: { images: readonly Source[]; chosen: string | null }) {
  const t = useMessages(playground);
  return (
    <fieldset class="strip">
      <legend class="unseen">{t.image}</legend>
      {images.map((image) => (
        <label key={image.id} title={image.title || image.filename}>
          <input
            type="radio"
            name="image"
            class="unseen"
            aria-label={image.title || image.filename}
            checked={image.id === chosen}
            onChange={() => replace('/playground', { image: image.id })}
          />
          <Thumbnail image={image} sizes="88px" />
        </label>
      ))}
    </fieldset>
  );
}

function Bench({ source, presets }: { source: Source; presets: Presets }) {
  const [transform, setTransform] = useState<Transform>({});
  const { result, problem, isBusy } = useResult(source, transform);
  // Until there is one of this picture, the last one is of the picture before.
  const own = result?.id === source.id ? result : null;
  return (
    <div class="bench">
      <div class="stack try">
        <Picture source={source} result={own} isBusy={isBusy} />
        {problem && !isBusy && !invalidParameter(problem) && <Complaint>{errorMessage(problem)}</Complaint>}
        <Comparison source={source} result={own} />
        {own && <Warnings result={own} />}
        {own && <Links source={source} result={own} />}
      </div>
      <Controls
        source={source}
        presets={presets}
        transform={transform}
        counted={own?.explained.parameters ?? null}
        problem={isBusy ? null : problem}
        onChange={setTransform}
      />
    </div>
  );
}
