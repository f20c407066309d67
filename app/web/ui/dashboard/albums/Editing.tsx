import { useState } from 'preact/hooks';

import { run } from '../api/client';
import { type AlbumCard, CREATE_ALBUM, DELETE_ALBUM, UPDATE_ALBUM } from '../api/documents';
import { type Problem, errorMessage } from '../api/problem';
import { tell } from '../happenings';
import { useMessages } from '../language';
import { albums as table } from '../messages/albums';
import { shell } from '../messages/shell';
import { Button } from '../parts/Button';
import { Confirm, Dialog } from '../parts/Dialog';
import { Complaint, Field } from '../parts/Field';
import { toast } from '../parts/Toasts';

/** A new album where there is none. */
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
  const { cancel } = useMessages(shell);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const said = {
      name: String(form.get('name') ?? '').trim(),
      description: String(form.get('description') ?? '').trim() || null,
      isPublic: form.has('public'),
    };
    setBusy(true);
    const { saved, problem: wrong } = await kept(album, said);
    setBusy(false);
    setProblem(wrong);
    if (!saved) return;
    tell({ kind: 'albums' });
    toast(t.saved);
    onClose();
    onSaved(saved);
  };
  const wrong = (name: string) => problem?.fields[name];
  return (
    <Dialog title={album ? t.edit : t.create} onClose={onClose}>
      <form class="stack" onSubmit={save}>
        <Field label={t.name} errors={wrong('name')}>
          <input name="name" required maxLength={200} defaultValue={album?.name ?? ''} autofocus />
        </Field>
        <Field label={t.description} errors={wrong('description')}>
          <textarea name="description" defaultValue={album?.description ?? ''} />
        </Field>
        <label class="check">
          <input type="checkbox" name="public" defaultChecked={album?.isPublic ?? true} />
          <span>
            {t.public}
            <span class="hint block">{t.publicHint}</span>
          </span>
        </label>
        {problem && <Complaint>{errorMessage(problem)}</Complaint>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{cancel}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {album ? t.save : t.create}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface Said {
  readonly name: string;
  readonly description: string | null;
  readonly isPublic: boolean;
}

async function kept(
  album: AlbumCard | null,
  said: Said,
): Promise<{ saved: AlbumCard | null; problem: Problem | null }> {
  if (album) {
    const { data, problem } = await run(UPDATE_ALBUM, { input: { id: album.id, ...said } });
    return { saved: data?.updateAlbum.album ?? null, problem };
  }
  const { data, problem } = await run(CREATE_ALBUM, { input: said });
  return { saved: data?.createAlbum.album ?? null, problem };
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
    const { problem } = await run(DELETE_ALBUM, { input: { id: album.id, deleteImages } });
    if (problem) return problem;
    toast(t.deleted(album.name));
    tell({ kind: 'albums' });
    onDeleted();
    return null;
  };
  return (
    <Confirm title={t.deleteTitle(album.name)} action={t.delete} onConfirm={remove} onClose={onClose}>
      <p>{t.deleteWords}</p>
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
