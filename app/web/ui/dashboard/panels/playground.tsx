import { useState } from 'preact/hooks';

import { query } from '../api/client';
import { errorMessage } from '../api/errors';
import { Thumbnail } from '../images/Thumbnail';
import { useMessages } from '../../base/language';
import { playground } from '../messages/playground';
import { Empty } from '../components/Empty';
import { Alert } from '../components/Field';
import { Page } from '../components/Page';
import { replace, useRoute } from '../router';
import { useQuery } from './useQuery';
import { SOURCE_BY_ID, SOURCES, type Source, type Transform } from './documents';
import './panels.css';
import { Controls } from './playground/Controls';
import { invalidParameter } from './playground/parameters';
import { Comparison, Links, Preview, useResult, Warnings } from './playground/Result';

/** Try the parameters of image URLs on the image of `?image=`, or else on the newest. */
export function Playground() {
  const t = useMessages(playground);
  const { data, error } = useQuery(() => query(SOURCES, {}));
  const requestedId = useRoute().params.get('image');
  const newest = data?.images.nodes ?? [];
  const source = requestedId ? newest.find(({ id }) => id === requestedId) : newest[0];
  if (data && newest.length === 0 && !requestedId) {
    return (
      <Page title={t.title} lead={t.lead}>
        <Empty icon="images" title={t.emptyTitle}>
          <p>{t.emptyText}</p>
          <a class="button primary" href="#/">
            {t.toImages}
          </a>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={t.title} lead={t.lead}>
      {error && <Alert>{errorMessage(error)}</Alert>}
      {data && (
        <>
          <ImagePicker images={newest} selectedId={source?.id ?? requestedId} />
          {source ? (
            <Workbench source={source} presets={data.presets} />
          ) : (
            <OlderImage key={requestedId} id={requestedId!} presets={data.presets} />
          )}
        </>
      )}
    </Page>
  );
}

type Presets = readonly { readonly name: string; readonly canonical: string }[];

/** Load an image that is not among the newest. */
function OlderImage({ id, presets }: { id: string; presets: Presets }) {
  const { data, error } = useQuery(() => query(SOURCE_BY_ID, { id }), id);
  if (error) return <Alert>{errorMessage(error)}</Alert>;
  return data?.image ? <Workbench source={data.image} presets={presets} /> : null;
}

function ImagePicker({ images, selectedId }: { images: readonly Source[]; selectedId: string | null }) {
  const t = useMessages(playground);
  return (
    <fieldset class="image-picker">
      <legend class="visually-hidden">{t.image}</legend>
      {images.map((image) => (
        <label key={image.id} title={image.title || image.filename}>
          <input
            type="radio"
            name="image"
            class="visually-hidden"
            aria-label={image.title || image.filename}
            checked={image.id === selectedId}
            onChange={() => replace('/playground', { image: image.id })}
          />
          <Thumbnail image={image} sizes="88px" />
        </label>
      ))}
    </fieldset>
  );
}

function Workbench({ source, presets }: { source: Source; presets: Presets }) {
  const [transform, setTransform] = useState<Transform>({});
  const { result, error, isBusy } = useResult(source, transform);
  // The last result may be of the previous image.
  const current = result?.id === source.id ? result : null;
  return (
    <div class="workbench">
      <div class="stack workbench-result">
        <Preview source={source} result={current} isBusy={isBusy} />
        {error && !isBusy && !invalidParameter(error) && <Alert>{errorMessage(error)}</Alert>}
        <Comparison source={source} result={current} />
        {current && <Warnings result={current} />}
        {current && <Links source={source} result={current} />}
      </div>
      <Controls
        source={source}
        presets={presets}
        transform={transform}
        effective={current?.explanation.parameters ?? null}
        error={isBusy ? null : error}
        onChange={setTransform}
      />
    </div>
  );
}
