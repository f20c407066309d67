/** What is done with one image or with many. */
import { useEffect, useState } from 'preact/hooks';

import { ask, run } from '../api/client';
import {
  ADD_TO_ALBUM,
  type AlbumCard,
  ALBUMS,
  DELETE_IMAGES,
  type ImageCard,
  REMOVE_FROM_ALBUM,
} from '../api/documents';
import { type Problem, problemIn, errorMessage } from '../api/problem';
import { tell } from '../happenings';
import { useMessages } from '../language';
import { gallery } from '../messages/gallery';
import { shell } from '../messages/shell';
import { Button } from '../parts/Button';
import { Confirm, Dialog } from '../parts/Dialog';
import { Complaint, Field } from '../parts/Field';
import { toast } from '../parts/Toasts';

/** The API takes so many ids at a time. */
const AT_A_TIME = 100;

export function DeleteImages({
  ids,
  onClose,
  onDeleted = () => undefined,
}: {
  ids: readonly string[];
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const t = useMessages(gallery);
  const remove = async () => {
    const { gone, problem } = await deleted(ids);
    if (gone.length) {
      tell({ kind: 'deleted', ids: gone });
      toast(t.deleted(gone.length));
    }
    if (!problem) onDeleted();
    return problem;
  };
  return (
    <Confirm title={t.deleteTitle(ids.length)} action={t.delete} onConfirm={remove} onClose={onClose}>
      <p>{t.deleteWords}</p>
    </Confirm>
  );
}

/** Which are gone, and why one of the others is not. One that somebody else deleted is gone too. */
async function deleted(ids: readonly string[]): Promise<{ gone: string[]; problem: Problem | null }> {
  const gone: string[] = [];
  for (const some of chunks(ids)) {
    const { data, problem } = await run(DELETE_IMAGES, { ids: some });
    if (problem) return { gone, problem };
    const { results } = data.deleteImages;
    const kept = results.filter(({ error }) => error && error.code !== 'NOT_FOUND');
    gone.push(...results.filter((result) => !kept.includes(result)).map(({ id }) => id));
    const error = kept[0]?.error;
    if (error) return { gone, problem: problemIn({ message: error.message, extensions: { ...error } }) };
  }
  return { gone, problem: null };
}

export function MoveImages({
  ids,
  images,
  onClose,
  onMoved,
}: {
  ids: readonly string[];
  images: readonly ImageCard[];
  onClose: () => void;
  onMoved: () => void;
}) {
  const t = useMessages(gallery);
  const { cancel, loading } = useMessages(shell);
  const [albums, setAlbums] = useState<readonly AlbumCard[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(
    () => void everyAlbum().then(({ data, problem: wrong }) => (setAlbums(data), setProblem(wrong))),
    [],
  );

  const move = async (event: SubmitEvent) => {
    event.preventDefault();
    const to = String(new FormData(event.currentTarget as HTMLFormElement).get('album') ?? '');
    setBusy(true);
    const chosen = images.filter(({ id }) => ids.includes(id));
    const wrong = to
      ? await put(
          chosen,
          albums!.find(({ id }) => id === to)!,
        )
      : await takeOut(chosen);
    setBusy(false);
    setProblem(wrong);
    if (wrong) return;
    toast(t.moved(ids.length));
    onMoved();
    onClose();
  };
  return (
    <Dialog title={t.moveTitle(ids.length)} onClose={onClose}>
      <form class="stack" onSubmit={move}>
        {albums ? (
          <Field label={t.album}>
            <select name="album">
              {albums.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
              <option value="">{t.noAlbum}</option>
            </select>
          </Field>
        ) : (
          !problem && <p class="quiet">{loading}</p>
        )}
        {problem && <Complaint>{errorMessage(problem)}</Complaint>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!albums}>
            {t.move}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

async function put(images: readonly ImageCard[], album: AlbumCard): Promise<Problem | null> {
  for (const imageIds of chunks(images.map(({ id }) => id))) {
    const { problem } = await run(ADD_TO_ALBUM, { input: { albumId: album.id, imageIds } });
    if (problem) return problem;
  }
  for (const image of images) {
    tell({ kind: 'changed', image: { ...image, album: { id: album.id }, isPublic: album.isPublic } });
  }
  return null;
}

async function takeOut(images: readonly ImageCard[]): Promise<Problem | null> {
  const albums = new Set(images.flatMap(({ album }) => (album ? [album.id] : [])));
  for (const albumId of albums) {
    const inIt = images.filter(({ album }) => album?.id === albumId).map(({ id }) => id);
    for (const imageIds of chunks(inIt)) {
      const { problem } = await run(REMOVE_FROM_ALBUM, { input: { albumId, imageIds } });
      if (problem) return problem;
    }
  }
  for (const image of images) tell({ kind: 'changed', image: { ...image, album: null, isPublic: true } });
  return null;
}

/** All albums, page after page. */
export async function everyAlbum(): Promise<{ data: readonly AlbumCard[] | null; problem: Problem | null }> {
  const all: AlbumCard[] = [];
  let after: string | null = null;
  for (;;) {
    const answer: Awaited<ReturnType<typeof page>> = await page(after);
    if (!answer.data) return { data: null, problem: answer.problem };
    const { nodes, pageInfo } = answer.data.albums;
    all.push(...nodes);
    if (!pageInfo.hasNextPage) return { data: all, problem: null };
    after = pageInfo.endCursor;
  }
}

function page(after: string | null) {
  return ask(ALBUMS, { after });
}

function chunks(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / AT_A_TIME);
  return Array.from({ length: count }, (_, at) => ids.slice(at * AT_A_TIME, (at + 1) * AT_A_TIME));
}
