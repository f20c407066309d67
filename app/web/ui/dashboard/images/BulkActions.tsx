/** Dialogs that delete or move images. */
import { useEffect, useState } from 'preact/hooks';

import { type ApiResult, fetchAllPages, mapResult, mutate, query } from '../api/client';
import {
  ADD_TO_ALBUM,
  type AlbumCard,
  ALBUMS,
  DELETE_IMAGES,
  type ImageCard,
  REMOVE_FROM_ALBUM,
} from '../api/documents';
import { type ApiError, errorMessage, parseError } from '../api/errors';
import { useMessages } from '../../base/language';
import { Confirm } from '../components/Dialog';
import { Alert, Field } from '../components/Field';
import { FormDialog, textOf } from '../components/Form';
import { toast } from '../components/Toasts';
import { emit } from '../libraryEvents';
import { gallery } from '../messages/gallery';
import { shell } from '../messages/shell';

/** Maximum number of ids in a mutation. */
const BATCH_SIZE = 100;

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
  const confirm = async () => {
    const { deletedIds, error } = await deleteImages(ids);
    if (deletedIds.length) {
      emit({ kind: 'deleted', ids: deletedIds });
      toast(t.deleted(deletedIds.length));
    }
    if (!error) onDeleted();
    return error;
  };
  return (
    <Confirm title={t.deleteTitle(ids.length)} action={t.delete} onConfirm={confirm} onClose={onClose}>
      <p>{t.deleteText(ids.length)}</p>
    </Confirm>
  );
}

/** Delete images, up to the first error. Images that no longer exist count as deleted. */
async function deleteImages(
  ids: readonly string[],
): Promise<{ deletedIds: string[]; error: ApiError | null }> {
  const deletedIds: string[] = [];
  for (const batch of batches(ids)) {
    const { data, error } = await mutate(DELETE_IMAGES, { ids: batch });
    if (error) return { deletedIds, error };
    const { results } = data.deleteImages;
    const failed = results.filter(({ error }) => error && error.code !== 'NOT_FOUND');
    deletedIds.push(...results.filter((result) => !failed.includes(result)).map(({ id }) => id));
    const first = failed[0]?.error;
    if (first) return { deletedIds, error: parseError({ message: first.message, extensions: { ...first } }) };
  }
  return { deletedIds, error: null };
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
  const { loading } = useMessages(shell);
  const [albums, setAlbums] = useState<ApiResult<readonly AlbumCard[]> | null>(null);
  useEffect(() => void fetchAllAlbums().then(setAlbums), []);

  const move = async (form: FormData) => {
    const selected = images.filter(({ id }) => ids.includes(id));
    const album = albums?.data?.find(({ id }) => id === textOf(form, 'album'));
    const error = album ? await addToAlbum(selected, album) : await removeFromAlbums(selected);
    if (error) return error;
    toast(t.moved(ids.length));
    onMoved();
    onClose();
    return null;
  };
  return (
    <FormDialog
      title={t.moveTitle(ids.length)}
      action={t.move}
      isDisabled={!albums?.data}
      onSubmit={move}
      onClose={onClose}
    >
      {() => (
        <>
          {albums === null && <p class="muted">{loading}</p>}
          {albums?.error && <Alert>{errorMessage(albums.error)}</Alert>}
          {albums?.data && (
            <Field label={t.album}>
              <select name="album">
                {albums.data.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
                <option value="">{t.noAlbum}</option>
              </select>
            </Field>
          )}
        </>
      )}
    </FormDialog>
  );
}

async function addToAlbum(images: readonly ImageCard[], album: AlbumCard): Promise<ApiError | null> {
  for (const imageIds of batches(images.map(({ id }) => id))) {
    const { error } = await mutate(ADD_TO_ALBUM, { input: { albumId: album.id, imageIds } });
    if (error) return error;
  }
  for (const image of images) {
    emit({ kind: 'changed', image: { ...image, album: { id: album.id }, isPublic: album.isPublic } });
  }
  return null;
}

async function removeFromAlbums(images: readonly ImageCard[]): Promise<ApiError | null> {
  const albumIds = new Set(images.flatMap(({ album }) => (album ? [album.id] : [])));
  for (const albumId of albumIds) {
    const inAlbum = images.filter(({ album }) => album?.id === albumId).map(({ id }) => id);
    for (const imageIds of batches(inAlbum)) {
      const { error } = await mutate(REMOVE_FROM_ALBUM, { input: { albumId, imageIds } });
      if (error) return error;
    }
  }
  for (const image of images) emit({ kind: 'changed', image: { ...image, album: null, isPublic: true } });
  return null;
}

export function fetchAllAlbums(): Promise<ApiResult<readonly AlbumCard[]>> {
  return fetchAllPages(async (after) => mapResult(await query(ALBUMS, { after }), (data) => data.albums));
}

function batches(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / BATCH_SIZE);
  return Array.from({ length: count }, (_, index) => ids.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE));
}
