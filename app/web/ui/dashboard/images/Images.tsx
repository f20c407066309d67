import { useMessages } from '../../base/language';
import { Page } from '../components/Page';
import { gallery } from '../messages/gallery';
import { Gallery } from './Gallery';

export function Images() {
  const t = useMessages(gallery);
  return (
    <Gallery
      album={null}
      head={(total, actions) => (
        <Page title={t.title} lead={total ? t.total(total) : ' '} actions={actions} />
      )}
    />
  );
}
