import { useEffect, useState } from 'preact/hooks';

import { ask } from '../api/client';
import { ALBUM, type AlbumCard } from '../api/documents';
import { type Problem, errorMessage } from '../api/problem';
import { listen } from '../happenings';
import { Gallery } from '../images/Gallery';
import { useMessages } from '../language';
import { albums as table } from '../messages/albums';
import { Button } from '../parts/Button';
import { Complaint } from '../parts/Field';
import { Icon } from '../parts/Icon';
import { Page } from '../parts/Page';
import { go } from '../router';
import { DeleteAlbum, EditAlbum } from './Editing';

export function Album({ id }: { id: string }) {
  const t = useMessages(table);
  const [album, setAlbum] = useState<AlbumCard | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [doing, setDoing] = useState<'edit' | 'delete' | null>(null);
  useEffect(() => {
    const load = async () => {
      const answer = await ask(ALBUM, { id });
      setProblem(answer.problem);
      if (answer.data) setAlbum(answer.data.album);
    };
    void load();
    return listen((happening) => {
      if (happening.kind === 'albums' || happening.kind === 'unknown') void load();
    });
  }, [id]);
  const back = (
    <a class="back" href="#/albums">
      <Icon name="left" />
      {t.back}
    </a>
  );
  if (problem) {
    return (
      <>
        {back}
        <Page title={t.title}>
          <Complaint>{errorMessage(problem)}</Complaint>
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
                  onClick={() => setDoing('delete')}
                />
                <Button icon="edit" onClick={() => setDoing('edit')}>
                  {t.edit}
                </Button>
                {upload}
              </>
            }
          >
            {null}
          </Page>
        )}
      />
      {doing === 'edit' && <EditAlbum album={album} onSaved={setAlbum} onClose={() => setDoing(null)} />}
      {doing === 'delete' && (
        <DeleteAlbum album={album} onDeleted={() => go('/albums')} onClose={() => setDoing(null)} />
      )}
    </>
  );
}
