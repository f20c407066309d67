import { useEffect, useState } from 'preact/hooks';

import { local, localSet } from '../api/addresses';
import { ask, run } from '../api/client';
import { IMAGE, type ImageCard, type ImageFacts, UPDATE_IMAGE } from '../api/documents';
import { type Problem, errorMessage } from '../api/problem';
import { useCategories } from '../categories';
import { tell } from '../happenings';
import { bytes, count, moment, useMessages } from '../language';
import { categories } from '../messages/categories';
import { gallery } from '../messages/gallery';
import { shell } from '../messages/shell';
import { Button } from '../parts/Button';
import { CopyRows } from '../parts/CopyRows';
import { Dialog } from '../parts/Dialog';
import { Complaint, Field } from '../parts/Field';
import { toast } from '../parts/Toasts';
import { href } from '../router';
import { DeleteImages } from './Doings';
import { type Entry, isCard } from './listing';

/** One image with all there is to say of it, over the view that it was opened from. */
export function Detail({
  id,
  images,
  onShow,
  onClose,
}: {
  id: string;
  images: readonly Entry[];
  onShow: (id: string) => void;
  onClose: () => void;
}) {
  const t = useMessages(gallery);
  const { loading, playground } = useMessages(shell);
  const [image, setImage] = useState<ImageFacts | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isDeleting, setDeleting] = useState(false);
  useEffect(() => {
    let left = false;
    setProblem(null);
    void ask(IMAGE, { id }).then(({ data, problem: wrong }) => {
      if (left) return;
      setImage(data?.image ?? null);
      setProblem(wrong);
    });
    return () => {
      left = true;
    };
  }, [id]);
  const index = images.findIndex((one) => one.id === id);
  const before = images[index - 1]?.id;
  const after = index < 0 ? undefined : images[index + 1]?.id;
  const card = images.slice(index, index + 1).find(isCard);
  const shown = image?.id === id ? image : null;
  const press = (event: KeyboardEvent) => {
    if (isDeleting || (event.target as HTMLElement).matches('input, textarea, select')) return;
    if (event.key === 'ArrowLeft' && before) onShow(before);
    if (event.key === 'ArrowRight' && after) onShow(after);
  };
  const any = shown ?? card;
  return (
    <Dialog
      title={any?.title || any?.filename || (problem ? t.gone : loading)}
      onClose={onClose}
      onKeyDown={press}
      wide
    >
      <div class={any || !problem ? 'detail' : undefined}>
        <figure class="stage" hidden={!any}>
          {any && <Picture key={id} card={any} facts={shown} />}
          <div class="steps">
            <Button
              icon="left"
              aria-label={t.previous}
              disabled={!before}
              onClick={() => before && onShow(before)}
            />
            <Button
              icon="right"
              aria-label={t.next}
              disabled={!after}
              onClick={() => after && onShow(after)}
            />
          </div>
        </figure>
        <div class="about">
          {problem && <Complaint>{errorMessage(problem)}</Complaint>}
          {shown && (
            <>
              <Links image={shown} />
              <Facts image={shown} />
              <About key={id} image={shown} onSaved={setImage} />
              <div class="row apart">
                <a class="button" href={local(shown.url)} target="_blank" rel="noreferrer">
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
          onDeleted={() => (after ? onShow(after) : onClose())}
        />
      )}
    </Dialog>
  );
}

function Picture({ card, facts }: { card: ImageCard; facts: ImageFacts | null }) {
  const [isThere, setThere] = useState(false);
  return (
    <img
      class={isThere ? 'picture there' : 'picture'}
      style={{
        aspectRatio: `${card.width} / ${card.height}`,
        backgroundImage: isThere ? 'none' : `url("${card.placeholder}")`,
      }}
      width={card.width}
      height={card.height}
      alt={facts?.description || card.title || card.filename}
      {...(facts && { sizes: '(max-width: 800px) 95vw, 680px', srcset: localSet(facts.preview) })}
      onLoad={() => setThere(true)}
    />
  );
}

function Links({ image }: { image: ImageFacts }) {
  const t = useMessages(gallery);
  const { url, markdown, html, bbcode } = image.links;
  const rows = { [t.url]: url, Markdown: markdown, HTML: html, BBCode: bbcode };
  return (
    <section class="links">
      <h3>{t.links}</h3>
      {!image.isPublic && <p class="hint">{t.privateLinks}</p>}
      <CopyRows rows={rows} />
    </section>
  );
}

function Facts({ image }: { image: ImageFacts }) {
  const t = useMessages(gallery);
  return (
    <section class="facts">
      <h3>{t.facts}</h3>
      <dl>
        <dt>{t.dimensions}</dt>
        <dd>
          {count(image.width)} × {count(image.height)}
        </dd>
        <dt>{t.size}</dt>
        <dd>{bytes(image.size)}</dd>
        <dt>{t.format}</dt>
        <dd>
          {image.format}
          {image.frames > 1 && ` · ${t.frames}: ${count(image.frames)}`}
        </dd>
        <dt>{t.uploaded}</dt>
        <dd>{moment(image.createdAt)}</dd>
        <dt>{t.album}</dt>
        <dd>{image.album ? <a href={href(`/albums/${image.album.id}`)}>{image.album.name}</a> : t.none}</dd>
      </dl>
    </section>
  );
}

function About({ image, onSaved }: { image: ImageFacts; onSaved: (image: ImageFacts) => void }) {
  const t = useMessages(gallery);
  const words = useMessages(categories);
  const all = useCategories();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const written = (name: string) => String(form.get(name) ?? '').trim();
    setBusy(true);
    const { data, problem: wrong } = await run(UPDATE_IMAGE, {
      input: {
        id: image.id,
        filename: written('filename'),
        title: written('title') || null,
        description: written('description') || null,
        ...(form.has('category') && { categoryId: written('category') || null }),
        tags: written('tags')
          .split(/[,，、]/)
          .map((tag) => tag.trim())
          .filter(Boolean),
      },
    });
    setBusy(false);
    setProblem(wrong);
    if (!data) return;
    tell({ kind: 'changed', image: data.updateImage.image });
    onSaved(data.updateImage.image);
    toast(t.saved);
  };
  const wrong = (name: string) => problem?.fields[name];
  return (
    <form class="stack" onSubmit={save}>
      <h3>{t.about}</h3>
      <Field label={t.filename} errors={wrong('filename')}>
        <input name="filename" required defaultValue={image.filename} />
      </Field>
      <Field label={t.imageTitle} errors={wrong('title')}>
        <input name="title" defaultValue={image.title ?? ''} />
      </Field>
      <Field label={t.description} errors={wrong('description')}>
        <textarea name="description" defaultValue={image.description ?? ''} />
      </Field>
      <Field label={t.tags} hint={t.tagsHint} errors={wrong('tags')}>
        <input name="tags" defaultValue={image.tags.join(', ')} />
      </Field>
      {Boolean(all?.length) && (
        <Field label={words.one} errors={wrong('category_id')}>
          <select name="category">
            <option value="">{words.none}</option>
            {all!.map(({ id, name }) => (
              <option key={id} value={id} selected={id === image.category?.id}>
                {name}
              </option>
            ))}
          </select>
        </Field>
      )}
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      <div class="row">
        <Button kind="primary" type="submit" busy={busy}>
          {t.save}
        </Button>
      </div>
    </form>
  );
}
