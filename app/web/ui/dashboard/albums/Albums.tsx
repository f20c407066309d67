import { useEffect, useState } from 'preact/hooks';

import { type AlbumCard } from '../api/documents';
import { type Problem, errorMessage } from '../api/problem';
import { listen } from '../happenings';
import { everyAlbum } from '../images/Doings';
import { Thumbnail } from '../images/Thumbnail';
import { useMessages } from '../language';
import { albums as table } from '../messages/albums';
import { Button } from '../parts/Button';
import { Empty } from '../parts/Empty';
import { Complaint } from '../parts/Field';
import { Icon } from '../parts/Icon';
import { Page } from '../parts/Page';
import { go, href, usePlace } from '../router';
import { Album } from './Album';
import { EditAlbum } from './Editing';

export function Albums() {
  const id = usePlace().path[1];
  return id ? <Album key={id} id={id} /> : <AllAlbums />;
}

function AllAlbums() {
  const t = useMessages(table);
  const [albums, setAlbums] = useState<readonly AlbumCard[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isCreating, create] = useState(false);
  const load = async () => {
    const { data, problem: wrong } = await everyAlbum();
    setProblem(wrong);
    if (data) setAlbums(data);
  };
  useEffect(() => {
    void load();
    return listen(({ kind }) => {
      if (kind !== 'changed') void load();
    });
  }, []);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => create(true)}>
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={albums?.length ? button : null}>
      {problem && <Complaint>{errorMessage(problem)}</Complaint>}
      {albums?.length === 0 && (
        <Empty icon="albums" title={t.emptyTitle}>
          <p>{t.emptyWords}</p>
          {button}
        </Empty>
      )}
      <ul class="albums">
        {albums?.map((album) => (
          <li key={album.id}>
            <a class="album" href={href(`/albums/${album.id}`)}>
              {album.cover ? (
                <Thumbnail key={album.cover.id} image={album.cover} sizes="320px" />
              ) : (
                <span class="thumbnail no-cover">
                  <Icon name="albums" />
                </span>
              )}
              <span class="album-name">
                {album.name}
                {!album.isPublic && (
                  <span class="tag">
                    <Icon name="lock" />
                    {t.private}
                  </span>
                )}
              </span>
              <span class="quiet">{t.images(album.imageCount)}</span>
            </a>
          </li>
        ))}
      </ul>
      {isCreating && (
        <EditAlbum album={null} onSaved={({ id }) => go(`/albums/${id}`)} onClose={() => create(false)} />
      )}
    </Page>
  );
}
