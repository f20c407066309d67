import { useEffect, useState } from 'preact/hooks';

import type { AlbumCard } from '../api/documents';
import { type ApiError, errorMessage } from '../api/errors';
import { on } from '../libraryEvents';
import { fetchAllAlbums } from '../images/BulkActions';
import { Thumbnail } from '../images/Thumbnail';
import { useMessages } from '../../base/language';
import { albums as table } from '../messages/albums';
import { Button } from '../components/Button';
import { Empty } from '../components/Empty';
import { Alert } from '../components/Field';
import { Icon } from '../components/Icon';
import { Page } from '../components/Page';
import { navigate, href, useRoute } from '../router';
import { Album } from './Album';
import { EditAlbum } from './AlbumDialogs';

export function Albums() {
  const id = useRoute().path[1];
  return id ? <Album key={id} id={id} /> : <AlbumList />;
}

function AlbumList() {
  const t = useMessages(table);
  const [albums, setAlbums] = useState<readonly AlbumCard[] | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [isCreating, setCreating] = useState(false);
  const load = async () => {
    const { data, error } = await fetchAllAlbums();
    setError(error);
    if (data) setAlbums(data);
  };
  useEffect(() => {
    void load();
    return on(({ kind }) => {
      if (kind !== 'changed') void load();
    });
  }, []);
  const button = (
    <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
      {t.create}
    </Button>
  );
  return (
    <Page title={t.title} lead={t.lead} actions={albums?.length ? button : null}>
      {error && <Alert>{errorMessage(error)}</Alert>}
      {albums?.length === 0 && (
        <Empty icon="albums" title={t.emptyTitle}>
          <p>{t.emptyText}</p>
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
              <span class="muted">{t.images(album.imageCount)}</span>
            </a>
          </li>
        ))}
      </ul>
      {isCreating && (
        <EditAlbum
          album={null}
          onSaved={({ id }) => navigate(`/albums/${id}`)}
          onClose={() => setCreating(false)}
        />
      )}
    </Page>
  );
}
