import { useEffect, useState } from 'preact/hooks';

import { query } from '../api/client';
import { ALBUM, type AlbumCard } from '../api/documents';
import { type ApiError, errorMessage } from '../api/errors';
import { on } from '../libraryEvents';
import { Gallery } from '../images/Gallery';
import { useMessages } from '../../base/language';
import { albums as table } from '../messages/albums';
import { Button } from '../components/Button';
import { Alert } from '../components/Field';
import { Icon } from '../components/Icon';
import { Page } from '../components/Page';
import { navigate } from '../router';
import { DeleteAlbum, EditAlbum } from './AlbumDialogs';

export function Album({ id }: { id: string }) {
  const t = useMessages(table);
  const [album, setAlbum] = useState<AlbumCard | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [dialog, setDialog] = useState<'edit' | 'delete' | null>(null);
  useEffect(() => {
    const load = async () => {
      const result = await query(ALBUM, { id });
      setError(result.error);
      if (result.data) setAlbum(result.data.album);
    };
    void load();
    return on((event) => {
      if (event.kind === 'albums' || event.kind === 'unknown') void load();
    });
  }, [id]);
  const back = (
    <a class="back" href="#/albums">
      <Icon name="left" />
      {t.back}
    </a>
  );
  if (error) {
    return (
      <>
        {back}
        <Page title={t.title}>
          <Alert>{errorMessage(error)}</Alert>
        </Page>
      </>
    );
  }
  if (!album) return back;
  return (
    <>
      {back}
      <Gallery
        album={id}
        head={(total, upload) => (
          <Page
            title={album.name}
            lead={
              <>
                {album.description && <span class="described">{album.description}</span>}
                <span class="row">
                  {total !== null && t.images(total)}
                  <span class="tag">
                    {!album.isPublic && <Icon name="lock" />}
                    {album.isPublic ? t.public : t.private}
                  </span>
                </span>
              </>
            }
            actions={
              <>
                <Button
                  icon="trash"
                  aria-label={t.delete}
                  title={t.delete}
                  onClick={() => setDialog('delete')}
                />
                <Button icon="edit" onClick={() => setDialog('edit')}>
                  {t.edit}
                </Button>
                {upload}
              </>
            }
          />
        )}
      />
      {dialog === 'edit' && <EditAlbum album={album} onSaved={setAlbum} onClose={() => setDialog(null)} />}
      {dialog === 'delete' && (
        <DeleteAlbum album={album} onDeleted={() => navigate('/albums')} onClose={() => setDialog(null)} />
      )}
    </>
  );
}
