import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Page } from '../parts/Page';

export function Albums() {
  return <Page title={useMessages(shell).albums}>…</Page>;
}
