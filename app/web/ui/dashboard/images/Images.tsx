import { useMessages } from '../language';
import { gallery } from '../messages/gallery';
import { Page } from '../parts/Page';
import { Gallery } from './Gallery';

export function Images() {
  const t = useMessages(gallery);
  return (
    <Gallery
      album={null}
      head={(total, actions) => (
        <Page title={t.title} lead={total ? t.total(total) : ' '} actions={actions}>
          {null}
        </Page>
      )}
    />
  );
}
