import { useMessages } from '../language';
import { shell } from '../messages/shell';
import { Page } from '../parts/Page';

export function Webhooks() {
  return <Page title={useMessages(shell).webhooks}>…</Page>;
}
