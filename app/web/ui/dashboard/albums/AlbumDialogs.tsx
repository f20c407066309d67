import { useState } from 'preact/hooks';

import { mapResult, mutate } from '../api/client';
import { type AlbumCard, CREATE_ALBUM, DELETE_ALBUM, UPDATE_ALBUM } from '../api/documents';
import { useMessages } from '../../base/language';
import { Confirm } from '../components/Dialog';
import { Field } from '../components/Field';
import { FormDialog, textOf } from '../components/Form';
import { toast } from '../components/Toasts';
import { emit } from '../libraryEvents';
import { albums as table } from '../messages/albums';

/** Edit an album, or create one if `album` is null. */
export function EditAlbum({
  album,
  onSaved,
  onClose,
}: {
  album: AlbumCard | null;
  onSaved: (album: AlbumCard) => void;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const save = async (form: FormData) => {
    const input = {
      name: textOf(form, 'name'),
      description: textOf(form, 'description') || null,
      isPublic: form.has('public'),
    };
    const { data, error } = album
      ? mapResult(
          await mutate(UPDATE_ALBUM, { input: { id: album.id, ...input } }),
          (data) => data.updateAlbum.album,
        )
      : mapResult(await mutate(CREATE_ALBUM, { input }), (data) => data.createAlbum.album);
    if (!data) return error;
    emit({ kind: 'albums' });
    toast(t.saved);
    onClose();
    onSaved(data);
    return null;
  };
  return (
    <FormDialog
      title={album ? t.edit : t.create}
      action={album ? t.save : t.create}
      onSubmit={save}
      onClose={onClose}
    >
      {(fieldErrors) => (
        <>
          <Field label={t.name} errors={fieldErrors('name')}>
            <input name="name" required maxLength={200} defaultValue={album?.name ?? ''} autofocus />
          </Field>
          <Field label={t.description} errors={fieldErrors('description')}>
            <textarea name="description" defaultValue={album?.description ?? ''} />
          </Field>
          <label class="check">
            <input type="checkbox" name="public" defaultChecked={album?.isPublic ?? true} />
            <span>
              {t.public}
              <span class="hint block">{t.publicHint}</span>
            </span>
          </label>
        </>
      )}
    </FormDialog>
  );
}

export function DeleteAlbum({
  album,
  onDeleted,
  onClose,
}: {
  album: AlbumCard;
  onDeleted: () => void;
  onClose: () => void;
}) {
  const t = useMessages(table);
  const [deleteImages, setDeleteImages] = useState(false);
  const remove = async () => {
    const { error } = await mutate(DELETE_ALBUM, { input: { id: album.id, deleteImages } });
    if (error) return error;
    toast(t.deleted(album.name));
    emit({ kind: 'albums' });
    onDeleted();
    return null;
  };
  return (
    <Confirm title={t.deleteTitle(album.name)} action={t.delete} onConfirm={remove} onClose={onClose}>
      <p>{t.deleteText}</p>
      <label class="check">
        <input
          type="checkbox"
          checked={deleteImages}
          onChange={(event) => setDeleteImages(event.currentTarget.checked)}
        />
        {t.deleteImages}
      </label>
    </Confirm>
  );
}
