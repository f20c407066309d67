import { useEffect, useState } from 'preact/hooks';

import { formatBytes, formatDateTime, formatNumber } from '../../base/format';
import { useMessages } from '../../base/language';
import { mutate, query } from '../api/client';
import { IMAGE, type ImageCard, type ImageDetails, UPDATE_IMAGE } from '../api/documents';
import { type ApiError, errorMessage } from '../api/errors';
import { localSrcSet, localUrl } from '../api/urls';
import { useCategories } from '../categories';
import { Button } from '../components/Button';
import { CopyRows } from '../components/CopyRows';
import { Dialog } from '../components/Dialog';
import { Alert, Field } from '../components/Field';
import { FormError, textOf, useForm } from '../components/Form';
import { toast } from '../components/Toasts';
import { emit } from '../libraryEvents';
import { categories } from '../messages/categories';
import { gallery } from '../messages/gallery';
import { shell } from '../messages/shell';
import { href } from '../router';
import { DeleteImages } from './BulkActions';
import { type Entry, isCard } from './listing';

/** The details of an image, in a dialog over the gallery that it was opened from. */
export function Detail({
  id,
  images,
  onOpen,
  onClose,
}: {
  id: string;
  images: readonly Entry[];
  onOpen: (id: string) => void;
  onClose: () => void;
}) {
  const t = useMessages(gallery);
  const { loading, playground } = useMessages(shell);
  const [loaded, setLoaded] = useState<ImageDetails | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [isDeleting, setDeleting] = useState(false);
  useEffect(() => {
    let isCancelled = false;
    setError(null);
    void query(IMAGE, { id }).then((result) => {
      if (isCancelled) return;
      setLoaded(result.data?.image ?? null);
      setError(result.error);
    });
    return () => {
      isCancelled = true;
    };
  }, [id]);
  const index = images.findIndex((image) => image.id === id);
  const previous = images[index - 1]?.id;
  const next = index < 0 ? undefined : images[index + 1]?.id;
  const details = loaded?.id === id ? loaded : null;
  const card = details ?? images.slice(index, index + 1).find(isCard);
  const onKeyDown = (event: KeyboardEvent) => {
    if (isDeleting || (event.target as HTMLElement).matches('input, textarea, select')) return;
    if (event.key === 'ArrowLeft' && previous) onOpen(previous);
    if (event.key === 'ArrowRight' && next) onOpen(next);
  };
  return (
    <Dialog
      title={card?.title || card?.filename || (error ? t.notFound : loading)}
      onClose={onClose}
      onKeyDown={onKeyDown}
      wide
    >
      <div class={card || !error ? 'detail' : undefined}>
        <figure class="stage" hidden={!card}>
          {card && <Preview key={id} card={card} details={details} />}
          <div class="steps">
            <Button
              icon="left"
              aria-label={t.previous}
              disabled={!previous}
              onClick={() => previous && onOpen(previous)}
            />
            <Button icon="right" aria-label={t.next} disabled={!next} onClick={() => next && onOpen(next)} />
          </div>
        </figure>
        <div class="detail-side">
          {error && <Alert>{errorMessage(error)}</Alert>}
          {details && (
            <>
              <Links image={details} />
              <Properties image={details} />
              <EditForm key={id} image={details} onSaved={setLoaded} />
              <div class="row push-last">
                <a class="button" href={localUrl(details.url)} target="_blank" rel="noreferrer">
                  {t.original}
                </a>
                <a class="button" href={href('/playground', { image: id })}>
                  {playground}
                </a>
                <Button
                  icon="trash"
                  aria-label={t.delete}
                  title={t.delete}
                  onClick={() => setDeleting(true)}
                />
              </div>
            </>
          )}
        </div>
      </div>
      {isDeleting && (
        <DeleteImages
          ids={[id]}
          onClose={() => setDeleting(false)}
          onDeleted={() => (next ? onOpen(next) : onClose())}
        />
      )}
    </Dialog>
  );
}

function Preview({ card, details }: { card: ImageCard; details: ImageDetails | null }) {
  const [isLoaded, setLoaded] = useState(false);
  return (
    <img
      class={isLoaded ? 'preview loaded' : 'preview'}
      style={{
        aspectRatio: `${card.width} / ${card.height}`,
        backgroundImage: isLoaded ? 'none' : `url("${card.placeholder}")`,
      }}
      width={card.width}
      height={card.height}
      alt={details?.description || card.title || card.filename}
      {...(details && { sizes: '(max-width: 800px) 95vw, 680px', srcset: localSrcSet(details.preview) })}
      onLoad={() => setLoaded(true)}
    />
  );
}

function Links({ image }: { image: ImageDetails }) {
  const t = useMessages(gallery);
  const { url, markdown, html, bbcode } = image.links;
  const rows = { URL: url, Markdown: markdown, HTML: html, BBCode: bbcode };
  return (
    <section class="links">
      <h3>{t.links}</h3>
      {!image.isPublic && <p class="hint">{t.privateLinks}</p>}
      <CopyRows rows={rows} />
    </section>
  );
}

function Properties({ image }: { image: ImageDetails }) {
  const t = useMessages(gallery);
  return (
    <section class="properties">
      <h3>{t.properties}</h3>
      <dl>
        <dt>{t.dimensions}</dt>
        <dd>
          {formatNumber(image.width)} × {formatNumber(image.height)}
        </dd>
        <dt>{t.size}</dt>
        <dd>{formatBytes(image.size)}</dd>
        <dt>{t.format}</dt>
        <dd>
          {image.format}
          {image.frames > 1 && ` · ${t.frames(image.frames)}`}
        </dd>
        <dt>{t.uploaded}</dt>
        <dd>{formatDateTime(image.createdAt)}</dd>
        <dt>{t.album}</dt>
        <dd>{image.album ? <a href={href(`/albums/${image.album.id}`)}>{image.album.name}</a> : t.none}</dd>
      </dl>
    </section>
  );
}

function EditForm({ image, onSaved }: { image: ImageDetails; onSaved: (image: ImageDetails) => void }) {
  const t = useMessages(gallery);
  const { category, none } = useMessages(categories);
  const all = useCategories();
  const form = useForm(async (form) => {
    const { data, error } = await mutate(UPDATE_IMAGE, {
      input: {
        id: image.id,
        filename: textOf(form, 'filename'),
        title: textOf(form, 'title') || null,
        description: textOf(form, 'description') || null,
        ...(form.has('category') && { categoryId: textOf(form, 'category') || null }),
        tags: textOf(form, 'tags')
          .split(/[,，、]/)
          .map((tag) => tag.trim())
          .filter(Boolean),
      },
    });
    if (!data) return error;
    emit({ kind: 'changed', image: data.updateImage.image });
    onSaved(data.updateImage.image);
    toast(t.saved);
    return null;
  });
  return (
    <form class="stack" onSubmit={form.onSubmit}>
      <h3>{t.details}</h3>
      <Field label={t.filename} errors={form.fieldErrors('filename')}>
        <input name="filename" required defaultValue={image.filename} />
      </Field>
      <Field label={t.imageTitle} errors={form.fieldErrors('title')}>
        <input name="title" defaultValue={image.title ?? ''} />
      </Field>
      <Field label={t.description} errors={form.fieldErrors('description')}>
        <textarea name="description" defaultValue={image.description ?? ''} />
      </Field>
      <Field label={t.tags} hint={t.tagsHint} errors={form.fieldErrors('tags')}>
        <input name="tags" defaultValue={image.tags.join(', ')} />
      </Field>
      {Boolean(all?.length) && (
        <Field label={category} errors={form.fieldErrors('category_id')}>
          <select name="category">
            <option value="">{none}</option>
            {all!.map(({ id, name }) => (
              <option key={id} value={id} selected={id === image.category?.id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      )}
      <FormError form={form} />
      <div class="row">
        <Button kind="primary" type="submit" busy={form.isBusy}>
          {t.save}
        </Button>
      </div>
    </form>
  );
}
